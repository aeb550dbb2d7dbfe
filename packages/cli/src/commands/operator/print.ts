import type { Operator } from '../../answers';
import { printFields, printJson, printTable } from '../../output';

/** `ada@example.com (admin)` */
export function operatorTitle({ email, role }: Operator): string {
  return `${email} (${role})`;
}

export function printOperator(operator: Operator, json: boolean): void {
  if (json) {
    printJson(operator);
    return;
  }
  printFields([
    ['id', operator.id],
    ['email', operator.email],
    ['role', operator.role],
    ['user', user(operator)],
    ['created', `${operator.createdAt}, by ${operator.createdBy}`],
    ['updated', operator.updatedAt],
  ]);
}

/** An entry of a user who is gone opens nothing, and is there to be removed. */
function user({ userExists }: Operator): string {
  return userExists ? 'exists' : 'gone from HyperDX';
}

export function printOperators(operators: Operator[], json: boolean): void {
  if (json) {
    printJson(operators);
    return;
  }
  printTable(
    ['id', 'email', 'role', 'user', 'created by', 'updated'],
    operators.map((operator) => [
      operator.id,
      operator.email,
      operator.role,
      user(operator),
      operator.createdBy,
      operator.updatedAt,
    ]),
  );
}
