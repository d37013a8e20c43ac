// The page's answers beside those of Python: the largest difference of a posterior, and every case that differs.

function actionOf({ policy, decision }) {
  const ids = (flags) => policy.rules.filter((_, r) => flags[r]).map(({ id }) => id);
  const earliest = (tokens) => (tokens.length ? Math.min(...tokens.map((token) => decision.times[token])) : -1);
  const { imaging, tests, referral } = decision;
  return {
    urgency: decision.urgency,
    otherwise: decision.fallback,
    fired: ids(decision.fired),
    undetermined: ids(decision.undetermined),
    imaging,
    tests,
    referral,
    within: [imaging, tests, referral].map(earliest),
  };
}

export function compare(explorer, cases) {
  let worst = 0;
  const differing = [];
  for (const wanted of cases) {
    const answer = explorer.answer(wanted);
    const isPossible = wanted.evidence > 0;
    if (isPossible) {
      answer.result.probability.forEach((p, i) => (worst = Math.max(worst, Math.abs(p - wanted.probability[i]))));
      worst = Math.max(worst, Math.abs(answer.result.evidence / wanted.evidence - 1));
    }
    const action = actionOf(answer);
    const isSame = answer.possible === isPossible && JSON.stringify(action) === JSON.stringify(wanted.action);
    if (!isSame) differing.push({ wanted, action });
  }
  return { cases: cases.length, worst: Number.isNaN(worst) ? 1 : worst, differing: differing.slice(0, 3), wrong: differing.length };
}

// Likewise of the questions: `asked` has for each what Python says, the best first.
export function compareQuestions(explorer, cases) {
  let worst = 0;
  const differing = [];
  for (const wanted of cases) {
    const questions = new Questions(explorer.data, explorer.answer(wanted));
    const order = ranked(questions.rows.map((row) => questions.of(row)));
    const byName = new Map(order.map((question) => [explorer.variables[question.row].name, question]));
    for (const { name, moves, inTime, ...numbers } of wanted.asked) {
      const question = byName.get(name);
      if (question?.moves !== moves || question?.inTime !== inTime) differing.push({ name, question, moves, inTime });
      else for (const [key, value] of Object.entries(numbers)) worst = Math.max(worst, Math.abs((question[key] || 0) - value));
    }
    const [first] = order;
    const best = first?.moves ? explorer.variables[first.row].name : "";
    if (byName.size !== wanted.asked.length || best !== wanted.best) differing.push({ best, wanted: wanted.best });
  }
  return { cases: cases.length, worst: Number.isNaN(worst) ? 1 : worst, differing: differing.slice(0, 3), wrong: differing.length };
}
