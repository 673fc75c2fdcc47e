/** One check of an account, in words that say what must hold. */
export interface Check {
  readonly what: string;
  readonly passed: boolean;
}
