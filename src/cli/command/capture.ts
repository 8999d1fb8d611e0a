import { Command } from 'commander';
export function captureCommand(): Command {
  return new Command('capture');
}
