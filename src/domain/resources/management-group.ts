/** A management group above a subscription. */
export interface ManagementGroup {
  /** The last part of its ARM id, such as mg-production. */
  id: string;
  /** Display name. */
  name: string;
}
