/** Path of the S3 server for the tests, whether it is there or not. */
export const SERVER: string;
