using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>The dictionaries of a file, one for each field, of all batches together: every entry that a batch uses,
/// once, in the order in which the batches use them.</summary>
internal sealed class SharedDictionaries
{
    private readonly Dictionary<int, SharedDictionary> _fields = [];

    // What the entries take lives as long as the file is written.
    private readonly Scratch _scratch = new(long.MaxValue, long.MaxValue);

    /// <summary>Whether batches are only looked at: no dictionary is made of what was found yet.</summary>
    public bool IsPrescan { get; set; } = true;

    /// <summary>The dictionary of a field, going on with the entries of a batch.</summary>
    public SharedDictionary Of(CanonicalField field, ArrowArray values)
    {
        if (!_fields.TryGetValue(field.DictionaryId, out SharedDictionary? shared))
            _fields.Add(field.DictionaryId, shared = new SharedDictionary(field, values, _scratch));
        shared.GoOn(values);
        return shared;
    }
}
