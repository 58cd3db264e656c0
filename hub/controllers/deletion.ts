/**
 * Why the hub deletes an object of its own. Each deletion is logged with one of these.
 */
export const DELETION = {
  memberLeft: 'the member that it came from has left or was forgotten, or has been away for longer than its time to live',
  left: 'the member that it is in has left',
  overlap: 'the ranges of the two members overlap',
  noGateway: 'the remote node is no gateway any more',
  notExported: 'the Service is not exported any more, or not to this member',
  notImported: 'this member does not import the Service, or not from there, any more',
  otherName: 'the mirror has another name now',
  moved: 'its endpoints stand in another slice, or come from nobody any more',
  yielded: 'somebody has put a Service in the place of the mirror',
  withoutService: 'its Service could not be written',
  anew: 'it cannot be changed in place and is made anew',
} as const;

export type Deletion = keyof typeof DELETION;
