import express from 'express';
import type { RequestHandler } from 'express';

/** Of a source or a connection: HyperDX takes 32 MB, a document of MongoDB holds 16, the largest of these has a few KB. */
export const DOCUMENT_BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * Parses a JSON body where HyperDX takes one. A body of another type counts as none, as HyperDX has it: what a form of
 * another site can send is never read.
 */
export const documentBody: RequestHandler = express.json({
  limit: DOCUMENT_BODY_LIMIT_BYTES,
  strict: true,
});
