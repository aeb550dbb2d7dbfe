/** What ClickHouse says against a statement, as it says it. Only for whom the statement is: its text quotes it. */
export class ClickHouseSaid extends Error {
  override readonly name = 'ClickHouseSaid';

  /**
   * @param code ClickHouse's number of the exception; 0 where it tells none.
   * @param status the HTTP status that it comes with.
   */
  constructor(
    readonly code: number,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  /** The same in other words. */
  withMessage(message: string): ClickHouseSaid {
    return new ClickHouseSaid(this.code, this.status, message);
  }
}
