import { Argument } from 'commander';

import { wholeNumber } from '../../../numbers';

const MAX_REVISION = 2 ** 31;

export const revisionArgument = () =>
  new Argument('<revision>', 'number of the revision, as by "collector revisions list"').argParser(
    wholeNumber(1, MAX_REVISION),
  );
