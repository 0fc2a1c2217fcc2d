using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// A field with what reading its columns takes: its path and where its dictionary comes from. Immutable.
/// </summary>
internal sealed class FieldPlan
{
    public FieldPlan(Field field, FieldPath path, FieldPlan[] children, long dictionaryId, long offset)
    {
        (Field, Path, Children, DictionaryId, Offset) = (field, path, children, dictionaryId, offset);
        ValuesHoldDictionaries = Array.Exists(children, child => child.HasDictionary);
        HasDictionary = IsEncoded || ValuesHoldDictionaries;
    }

    public Field Field { get; }

    /// <summary>The field, its ancestors first.</summary>
    public FieldPath Path { get; }

    /// <summary>The children, or those of a dictionary's values.</summary>
    public FieldPlan[] Children { get; }

    /// <summary>The id of the dictionary; meaningful where the field is encoded.</summary>
    public long DictionaryId { get; }

    public bool IsEncoded => Field.Type is DictionaryType;

    /// <summary>Where the field is described in the input.</summary>
    public long Offset { get; }

    /// <summary>Whether the field or one below it is dictionary-encoded.</summary>
    public bool HasDictionary { get; }

    /// <summary>Whether a field below this one is dictionary-encoded.</summary>
    public bool ValuesHoldDictionaries { get; }
}
