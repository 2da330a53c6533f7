import { allTechniques, isTechnique } from '../../domain/techniques/catalogue';
import { nearest } from '../../domain/text/nearest';
import { CommandError } from './output';

/** @throws {CommandError} if no technique has the id */
export function checkTechnique(id: string): void {
  if (isTechnique(id)) return;
  const guess = nearest(
    id,
    allTechniques().map((technique) => technique.id),
  );
  const next = guess ? `did you mean ${guess}?` : 'which `runwatch detections list` does not list';
  throw new CommandError(`--technique: got ${id}, ${next}`, 2);
}
