/** An error that a person can fix. `message` says what happened and where, `advice` says what to do. */
export class FieldError extends Error {
  readonly advice: string;
  constructor(message: string, advice: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "FieldError";
    this.advice = advice;
  }
}

/** A person gave up at a question. */
export class Cancelled extends FieldError {
  constructor(advice = "Nothing was changed.") {
    super("Cancelled.", advice);
  }
}
