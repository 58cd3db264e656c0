/**
 * Forms of texts that every API server accepts where they stand (Kubernetes apimachinery, pkg/util/validation). Each is tried on bounded
 * texts only, apart from those that bound themselves.
 */
import { DNS_LABEL } from '../text/dnsLabel.js';

/** A DNS label, or none: of a port, and of an endpoint. */
export const PORT_NAME = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/;
export const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
export const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
/** The id of a member: a DNS label. */
export const MEMBER_ID = DNS_LABEL;
