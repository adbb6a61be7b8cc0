// Stands for xmlbuilder2, which is imported by what is bundled, but never used.

export const create = () => {
  throw new Error('not bundled');
};
export default {};
