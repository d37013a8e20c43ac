// The tables of a prior set: how their numbers lie, and which of them each group multiplies.

function strides(shape) {
  const steps = new Array(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis];
  }
  return steps;
}

const product = (sizes) => sizes.reduce((total, size) => total * size, 1);

// Where the tables lie one after another; `free` counts the entries that are carried, all but each first state's.
function layout(tables) {
  const byName = new Map();
  let base = 0;
  let free = 0;
  for (const { name, axes, shape } of tables) {
    const size = product(shape);
    const states = shape[shape.length - 1];
    byName.set(name, { name, axes, shape, base, size, states, free, steps: strides(shape) });
    base += size;
    free += size - size / states;
  }
  return { byName, size: base, free };
}

// All states of some axes, counted with the last axis fastest: for each the sum of step x state.
function offsets(sizes, steps) {
  const total = product(sizes);
  const sums = new Int32Array(total);
  for (let number = 0; number < total; number++) {
    let rest = number;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      sums[number] += steps[axis] * (rest % sizes[axis]);
      rest = Math.floor(rest / sizes[axis]);
    }
  }
  return sums;
}

export class Network {
  constructor(plan, variables) {
    this.plan = plan;
    this.tables = layout(plan.tables);
    this.bits = plan.bits;
    this.joint = 1 << plan.bits.length;
    this.contexts = plan.contexts.map(({ row, name }) => ({ row, name, size: variables[row].states.length }));
    this.combinations = product(this.contexts.map(({ size }) => size));
    this.contextStates = Array.from({ length: this.combinations }, (_, number) => this.#states(number));
    this.groups = plan.groups.map((group) => this.#group(group));
    this.numbersOf = { inner: [], hidden: [], outer: [] };
    this.groups.forEach(({ kind }, g) => this.numbersOf[kind].push(g));
    this.nodes = plan.nodes.map(({ table, bit }) => {
      const { base, steps } = this.tables.byName.get(table);
      return { entry: base + steps[0], half: this.joint >> (bit + 1) };
    });
    this.conditions = plan.conditions.map(({ row, name }) => ({ row, name, bit: this.#bit(name) }));
    this.outputs = [
      ...this.conditions.map(({ name, bit }) => ({ name, bits: bit })),
      ...plan.composites.map(({ name, members }) => ({
        name,
        bits: members.reduce((mask, member) => mask | this.#bit(member), 0),
      })),
    ];
    this.outputOf = Object.fromEntries(this.conditions.map(({ bit }, output) => [bit, output]));
    const inner = this.groups.filter(({ kind }) => kind === "inner").flatMap(({ places }) => places);
    this.innerPlaces = [...new Set(inner)].sort((a, b) => a - b);
    this.innerJoint = 1 << this.innerPlaces.length;
    this.toInner = this.#compressed(this.innerPlaces);
    for (const group of this.groups) {
      const full = this.#compressed(group.places);
      group.of = full;
      group.ofInner = new Uint16Array(this.innerJoint);
      for (let state = 0; state < this.joint; state++) group.ofInner[this.toInner[state]] = full[state];
    }
  }

  // Whether a variable's evidence changes any posterior.
  speaksOf(row) {
    return this.groups.some(({ rows }) => rows.includes(row)) || this.contexts.some((context) => context.row === row);
  }

  #states(number) {
    const states = [];
    let rest = number;
    for (let axis = this.contexts.length - 1; axis >= 0; axis--) {
      states.unshift(rest % this.contexts[axis].size);
      rest = Math.floor(rest / this.contexts[axis].size);
    }
    return states;
  }

  #bit(name) {
    return 1 << (this.bits.length - 1 - this.bits.indexOf(name));
  }

  // For each joint state the number that the bits in some places make.
  #compressed(places) {
    const numbers = new Uint16Array(this.joint);
    for (let state = 0; state < this.joint; state++) {
      for (const place of places) {
        numbers[state] = numbers[state] * 2 + ((state >> (this.bits.length - 1 - place)) & 1);
      }
    }
    return numbers;
  }

  // A group: of each table the entry that every state of members, contexts and bits takes.
  #group({ kind, members, rows, sizes, tables, barren }) {
    const used = tables.map((name) => this.tables.byName.get(name));
    const spoken = new Set(used.flatMap(({ axes }) => axes));
    const places = this.bits.map((_, place) => place).filter((place) => spoken.has(this.bits[place]));
    const contexts = kind === "inner" ? this.contexts : [];
    const axes = [...members, ...contexts.map(({ name }) => name), ...places.map((place) => this.bits[place])];
    const extents = [...sizes, ...contexts.map(({ size }) => size), ...places.map(() => 2)];
    const factors = used.map((table) => {
      const steps = axes.map((axis) => (table.axes.includes(axis) ? table.steps[table.axes.indexOf(axis)] : 0));
      const setting = table.axes.indexOf("setting");
      return { base: table.base, setting: setting < 0 ? 0 : table.steps[setting], entry: offsets(extents, steps) };
    });
    const local = 1 << places.length;
    const width = product(contexts.map(({ size }) => size)) * local;
    return { kind, rows, sizes, barren, places, local, width, states: product(sizes), factors };
  }

  // All entries of all tables from those that are carried: each first state is the rest to 1.
  complete(free) {
    const numbers = new Float64Array(this.tables.size);
    for (const { base, size, states, free: first } of this.tables.byName.values()) {
      let next = first;
      for (let row = base; row < base + size; row += states) {
        let rest = 1;
        for (let state = 1; state < states; state++) {
          numbers[row + state] = free[next];
          rest -= free[next++];
        }
        numbers[row] = rest > 0 ? rest : 0;
      }
    }
    return numbers;
  }
}
