/** A DNS label (RFC 1123): 63 characters at most, small letters, digits and hyphens, none of these at an end. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
