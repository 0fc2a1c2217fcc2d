using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>One field's dictionary of a file.</summary>
internal sealed class SharedDictionary
{
    private readonly CanonicalField _field;
    private readonly List<ArrowArray> _sources = [];
    private readonly Dictionary<ArrowArray, int> _starts = new(ReferenceEqualityComparer.Instance);
    private long _entries;

    public SharedDictionary(CanonicalField field, ArrowArray values, Scratch scratch)
    {
        _field = field;
        Entries = new DistinctEntries(field.DictionaryValues!, values, scratch);
    }

    /// <summary>The entries of all batches so far.</summary>
    public DistinctEntries Entries { get; }

    /// <summary>Whether its message was planned.</summary>
    public bool IsPlanned { get; set; }

    public void GoOn(ArrowArray values)
    {
        if (!_starts.TryGetValue(values, out int start))
        {
            if (_entries + values.Length > int.MaxValue) throw TooMany();
            start = (int)_entries;
            _sources.Add(values);
            _starts.Add(values, start);
            _entries += values.Length;
        }

        Entries.GoOn(values, start);
    }

    /// <summary>Refuses more entries than an index of the field counts.</summary>
    public void RequireIndex(int place)
    {
        if ((ulong)place > LargestIndex(((DictionaryType)_field.Type).IndexType.Id)) throw TooMany();
    }

    /// <summary>The batches' dictionaries, one after another; <see cref="DistinctEntries.Kept"/> says which entries
    /// count.</summary>
    public ArrowArray Join()
    {
        var path = _field.Path;
        var budget = new ByteBudget(long.MaxValue);
        return _sources.Count == 1
            ? _sources[0]
            : ArrayJoin.Join(OneDictionary.Of([.. _sources], path, budget), path, budget);
    }

    private InvalidArrowException TooMany() => new(
        $"the dictionaries of all batches together have more entries than {((DictionaryType)_field.Type).IndexType} " +
        "counts, and a file holds one per field; write a stream", _field.Path, code: ErrorCode.TooLarge);

    private static ulong LargestIndex(ArrowTypeId type) => type switch
    {
        ArrowTypeId.Int8 => (ulong)sbyte.MaxValue,
        ArrowTypeId.UInt8 => byte.MaxValue,
        ArrowTypeId.Int16 => (ulong)short.MaxValue,
        ArrowTypeId.UInt16 => ushort.MaxValue,
        _ => int.MaxValue,
    };
}
