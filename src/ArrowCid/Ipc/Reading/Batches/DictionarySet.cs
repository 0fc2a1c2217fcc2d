using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// The dictionaries of a stream or file as they stand. Values are kept as they came, their own dictionaries not in
/// place, since those may change on their own: fields are bound to them when a batch comes.
/// </summary>
internal sealed class DictionarySet
{
    private readonly Dictionary<long, Entry> _entries = [];

    // Each field's values with their own dictionaries in place, and the count of changes that they were made at.
    private readonly Dictionary<FieldPlan, (ArrowArray Values, long At)> _bound = [];
    private readonly ByteBudget _budget;
    private readonly IpcTraits _traits;
    private long _changes;

    public DictionarySet(FieldPlan[] plans, ByteBudget budget, IpcTraits traits)
    {
        (_budget, _traits) = (budget, traits);
        foreach (FieldPlan plan in plans) Add(plan);
    }

    /// <summary>A field whose values the dictionary of that id holds.</summary>
    public FieldPlan? Find(long id) => _entries.GetValueOrDefault(id)?.Plan;

    /// <summary>Takes a dictionary message's values, of which <paramref name="charge"/> bytes are counted.</summary>
    public void Put(long id, ArrowArray values, bool isDelta, bool mayReplace, long charge, long offset)
    {
        Entry entry = _entries[id];
        if (!isDelta && entry.IsGiven)
        {
            if (!mayReplace)
            {
                throw new InvalidArrowException($"dictionary {id} is given twice, and in a file only deltas may follow",
                    entry.Plan.Path, offset: offset);
            }

            _traits.ReplacedDictionaries++;
        }

        if (isDelta) _traits.DeltaDictionaries++;
        else entry.Clear(_budget);
        entry.Add(values, charge);
        _changes++;
    }

    /// <summary>The columns with their dictionaries in place, as these stand now.</summary>
    public ArrowArray[] Bind(FieldPlan[] plans, ArrowArray[] columns)
    {
        for (int i = 0; i < columns.Length; i++) columns[i] = Bind(plans[i], columns[i]);
        return columns;
    }

    private ArrowArray Bind(FieldPlan plan, ArrowArray array)
    {
        if (!plan.HasDictionary) return array;
        return plan.IsEncoded ? array.With([], Values(plan)) : WithChildren(plan, array);
    }

    private ArrowArray WithChildren(FieldPlan plan, ArrowArray array)
    {
        var children = new ArrowArray[plan.Children.Length];
        for (int i = 0; i < children.Length; i++) children[i] = Bind(plan.Children[i], array.Children[i]);
        return array.With(children, null);
    }

    private ArrowArray Values(FieldPlan plan)
    {
        if (_bound.TryGetValue(plan, out (ArrowArray Values, long At) last) && last.At == _changes) return last.Values;
        ArrowArray values = _entries[plan.DictionaryId].Joined(_budget);
        if (plan.ValuesHoldDictionaries) values = WithChildren(plan, values);
        _bound[plan] = (values, _changes);
        return values;
    }

    private void Add(FieldPlan plan)
    {
        if (plan.IsEncoded)
        {
            if (!_entries.TryGetValue(plan.DictionaryId, out Entry? known))
            {
                _entries.Add(plan.DictionaryId, new Entry(plan));
            }
            else
            {
                // Equal types also keep a dictionary from holding itself.
                if (!known.ValueType.Equals(((DictionaryType)plan.Field.Type).ValueType))
                {
                    throw new InvalidArrowException($"dictionary {plan.DictionaryId} is also that of "
                        + $"'{known.Plan.Path}', and its values are of another type",
                        plan.Path, offset: plan.Offset);
                }

                _traits.HasSharedDictionaryIds = true;
            }
        }

        foreach (FieldPlan child in plan.Children) Add(child);
    }

    private sealed class Entry(FieldPlan plan)
    {
        private readonly List<ArrowArray> _parts = [];
        private long _charge;

        public FieldPlan Plan { get; } = plan;

        public ArrowType ValueType { get; } = ((DictionaryType)plan.Field.Type).ValueType;

        public bool IsGiven => _parts.Count > 0;

        public void Clear(ByteBudget budget)
        {
            _parts.Clear();
            budget.Return(_charge);
            _charge = 0;
        }

        public void Add(ArrowArray values, long charge)
        {
            _parts.Add(values);
            _charge += charge;
        }

        /// <summary>All values in one array; none were given: an empty one.</summary>
        public ArrowArray Joined(ByteBudget budget)
        {
            if (_parts.Count == 0) return ArrayJoin.Empty(ValueType);
            if (_parts.Count == 1) return _parts[0];
            long before = budget.Used;
            ArrowArray joined = ArrayJoin.Join(_parts, Plan.Path, budget);
            long charge = budget.Used - before;
            Clear(budget);
            Add(joined, charge);
            return joined;
        }
    }
}
