namespace ArrowCid.Columnar;

/// <summary>Builds a column of structs. Append one value to each field, then <see cref="Append"/> the struct that holds
/// them.</summary>
internal sealed class StructBuilder : ArrowArrayBuilder
{
    private readonly ArrowArrayBuilder[] _fields;

    /// <summary>Makes an empty builder.</summary>
    /// <param name="type">The struct.</param>
    /// <param name="fields">One builder a field, in order; made where none is given.</param>
    /// <exception cref="ArgumentException">The builders are not those of the fields' types.</exception>
    public StructBuilder(StructType type, params ArrowArrayBuilder[] fields) : base(type) =>
        _fields = Fields(type, fields);

    /// <summary>The builder of a field.</summary>
    /// <param name="index">The field, from 0.</param>
    public ArrowArrayBuilder this[int index] => _fields[index];

    /// <summary>Appends a struct of the values that were appended to the fields, one to each.</summary>
    /// <exception cref="InvalidOperationException">A field has no new value, or more than one.</exception>
    public void Append()
    {
        CheckFields(Length + 1);
        CountValid();
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        CheckFields(Length);
        foreach (ArrowArrayBuilder field in _fields) field.AppendNull();
        CountNull();
    }

    private protected override void CheckWhole()
    {
        CheckFields(Length);
        foreach (ArrowArrayBuilder field in _fields) CheckWhole(field);
    }

    private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls) =>
        new(Type, Length, [validity], Array.ConvertAll(_fields, field => field.Build()), nullCount: nulls);

    private void CheckFields(int length)
    {
        for (int i = 0; i < _fields.Length; i++)
        {
            if (_fields[i].Length == length) continue;
            throw new InvalidOperationException(
                $"Field '{Type.Children[i].Name}' has {_fields[i].Length} values where {length} are due.");
        }
    }
}
