"""Tables → a compiled scorer → exact posteriors of batches of cases, and why.

How a network of some forty variables becomes table look-ups
-------------------------------------------------------------
A case is one byte a variable, its **mask**: bit s is set while state s is still possible. All bits set means that
nothing is known of the variable, one bit that it was observed; several mean a set of states ("moderate or severe").
Wanted is, for every joint state c of the conditions, P(c, evidence | setting); all posteriors are sums of these.

What must be summed over is small, and it is enumerated once, when a network is compiled:

- the **selector** is the setting. A case always has exactly one. It picks tables, and is never summed over.
- the **contexts** (age, sex) are parents of many variables: all their combinations are enumerated.
- the **conditions** are what is inferred. A **joint state** says for each whether it is present: a number with one
  bit for each condition. ``Scorer.bits`` names the condition of each bit, the highest bit first.

Given these, all other variables fall apart into small **groups** that are independent of each other: variables of which
one CPT speaks together (the risk factors of one condition; findings that depend on each other)::

      setting ──► picks the tables                      summed or multiplied over
      ┌────────────────────────────────────────┐
      │ age, sex                               │        context combinations a
      │   ▼                                    │
      │ risk factors    [trauma, steroids …]   │        inner groups
      │   ▼                                    │
      │ conditions      fracture, cancer …     │        joint states c
      └───▼────────────────────────────────────┘
        findings, tests [fever, sweats, weight …]       outer groups (inner, if a context is a parent)

So the joint probability is a product in which each group has one factor::

      P(c, evidence | setting) =
          [ Σ  static(a, c) · Π T_g(pattern of g; a, c) ]      a: combinations that the evidence allows
            a                 inner g
          · static(c) · Π T_g(pattern of g; c)
                      outer g
          · M [ Π T_g(pattern of g; · ) ] (c)
              hidden g
          · (1 where the conditions that are known allow c, else 0)

**Static** factors are the CPTs that speak of enumerated variables only. A factor is **inner** when a CPT in it speaks
of a context, **outer** otherwise; outer factors stand before the sum over contexts, which makes them cheap.

Few factors speak of every condition. Those that inner ones speak of take the lowest bits. A table has numbers for the
lowest bits that it needs, and is multiplied while the product has no more; then the product is repeated for the next
bits. The order of the bits makes the sum of these widths small (:mod:`~riskmodel.inference.bit_order`).

A **manifestation** node stands between a condition and the findings that it can hide. It needs no bit of its own: in
the tables of **hidden** groups, which speak of such nodes, the condition's bit stands for its node. M sums over the
nodes once these tables are multiplied: for each node's bit in turn, the half of the joint states with it becomes ::

      H(present)  ←  P(occult | present) · H(absent)  +  P(manifest | present) · H(present)

A node of which a table with a context speaks, or one that speaks of its condition as well, has a bit after all.

A group's factor is a table with a row for each **pattern**: each combination of masks of its members. A row is the
product of all CPTs that speak of a member, summed over the members' states that the pattern allows::

      T_g(pattern; a, c)  =  Σ  Π P(v | parents of v)          x: the members in their allowed states
                             x  v                              v: the members, and conditions with a member as parent

This is variable elimination [1, 2] with all its sums done beforehand. The pattern of a case is a number in a mixed
base, start + the sum of multiplier · (mask - 1), with a start of 0 where no blank is read; the last one means that
nothing is known. If the group has no CPT but its members' own, that row is exactly 1 (the group is **barren** [3]) and
never multiplied: it is the group's ``skip``.
Risk factors are not barren: conditions depend on them, and an unknown one must be averaged over. Small barren groups
are joined (:func:`~riskmodel.inference.compile.join_plan`), so that one look-up serves several.

The shipped model: 56 variables, 256 joint states, 8 combinations of contexts, and thirteen look-ups a case.

>>> import riskmodel as rm
>>> scorer = rm.load().scoring.scorer
>>> len(rm.load().tables.variables), scorer.joint_states, len(scorer.context_states)
(56, 256, 8)
>>> [group.table.shape for group in scorer.inner]  # (settings or 1, patterns, contexts, inner joint states)
[(4, 7, 8, 64), (4, 189, 8, 64), (4, 81, 8, 64), (1, 9, 8, 64)]
>>> [len(looked_up) for looked_up in (scorer.inner, scorer.hidden, scorer.outer)]
[4, 5, 4]
>>> scorer.hidden[0].table.shape  # fever, night sweats and weight loss: 3 · 3 · 3 patterns
(1, 27, 16)

The end of the sum is always the same: add the upper half of the joint states to the lower one. The upper half's sum is
P(highest condition present, evidence); what remains are joint states without this bit, and so on down to P(evidence).
Where any of several conditions is asked for, a half with one of them is added to the sum and put aside.
Halves are added as trees, in a fixed order, so that every engine, batch size and number of threads gives the same bits.

More
----
- *Likelihood evidence* (P(observation | state) for each state, virtual evidence [4]) weights the states instead of
  allowing or forbidding them: then the row is summed anew from ``Group.states``, the product before the sum.
- *Noisy-OR and noisy-MAX* [5, 6] are how findings' CPTs were stated. The scorer does not need them: with the conditions
  enumerated, their CPTs are tables as any other.
- *Blanks* that a recording profile reads have the mask 0 and the first row of their variable's table: there each state
  weighs P(not written down | state), and where a cell names states P(written down | state). That is the row of a
  network with a node "written down" below each such variable, observed; the scorer never looks such nodes up.
- *Draws* of the statements have the same look-ups with other entries. A draw's weight for a case is
  P(evidence | setting, draw), so that the weighted draws are those of the posterior over the statements (importance
  weights; their effective number is (Σw)² / Σw² [7]).
- *Reasons*: the weight of each observation alone, and whether findings conflict: product of P(finding) over P(all).

Where it stands
---------------
``parts`` names what is enumerated and the groups; ``lookup`` builds tables for any number of draws; ``compile`` makes
the immutable ``scorer.Scorer``, whose arithmetic in numpy is the readable one. ``score_kernel`` repeats it compiled,
for ``compiled`` and ``draws``; ``row_positions`` tells it where each case's row of each table begins. ``intervals`` are
weighted quantiles; ``weights`` and ``reasons_kernel`` the reasons; ``impossible`` names two observations that exclude
each other; ``silence`` what an answer to a blank would be.

References
----------
.. [1] Zhang NL, Poole D. A simple approach to Bayesian network computations. Proc. 10th Canadian Conference on
   Artificial Intelligence, 1994, 171-178.
.. [2] Dechter R. Bucket elimination: a unifying framework for probabilistic inference. Proc. UAI 1996. arXiv:1302.3572
.. [3] Shachter RD. Evaluating influence diagrams. Operations Research 1986;34(6):871-882.
.. [4] Pearl J. Probabilistic reasoning in intelligent systems. Morgan Kaufmann, 1988, section 2.2.2.
.. [5] Heckerman D, Breese JS. Causal independence for probability assessment and inference using Bayesian networks.
   IEEE Transactions on Systems, Man, and Cybernetics 1996;26:826-831.
.. [6] Díez FJ. Parameter adjustment in Bayes networks: the generalized noisy OR-gate. Proc. UAI 1993, 99-105.
.. [7] Kong A, Liu JS, Wong WH. Sequential imputations and Bayesian missing data problems. Journal of the American
   Statistical Association 1994;89(425):278-288.
"""
