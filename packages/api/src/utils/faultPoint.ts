/**
 * Ends this process as `kill -9` would, where the variable `TENANCY_FAULT_POINT` names this point. Only tests
 * that prove what a crash leaves behind set it; it is not part of the configuration.
 */
export function faultPoint(name: string): void {
  if (process.env['TENANCY_FAULT_POINT'] === name) process.kill(process.pid, 'SIGKILL');
}
