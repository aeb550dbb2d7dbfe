import { operatorRoles, OperatorUser } from '@hyperdx-tenancy/domain/contracts/operator';
import type { OperatorRole } from '@hyperdx-tenancy/domain/contracts/operator';
import { Argument, Command, Option } from 'commander';

import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { validate } from '../../validate';
import { printOperator } from './print';

export const userArgument = () =>
  new Argument('<id-or-email>', "the HyperDX user's id, or the address they sign in with");

export const roleOption = () =>
  new Option('--role <role>', 'a viewer reads everything, an admin changes it as well')
    .choices(operatorRoles)
    .makeOptionMandatory();

export const setCommand = new Command('set')
  .description('make a HyperDX user an operator, or change the role of one')
  .addArgument(userArgument())
  .addOption(roleOption())
  .action(async (idOrEmail: string, { role }: { role: OperatorRole }, command: Command) => {
    const user = validate(OperatorUser.shape.user, idOrEmail, 'id-or-email');
    const { client, json } = clientOf(command);
    printOperator(
      await withProgress('Naming the operator', client.setOperator(user, { role })),
      json,
    );
  });
