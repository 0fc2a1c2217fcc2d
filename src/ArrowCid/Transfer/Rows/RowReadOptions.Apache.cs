using ArrowCid.Columnar;
using A = Apache.Arrow;
using T = Apache.Arrow.Types;

namespace ArrowCid.Transfer;

public sealed partial class RowReadOptions
{
    /// <summary>All columns, in order. A CSV header must have these names; a key of JSON that is none of them is an
    /// error. Null: <see cref="Types"/> and inference (<c>Transfer/INFERENCE.md</c>).</summary>
    /// <exception cref="InvalidArrowException">It has a type that Arrow does not have.</exception>
    public A.Schema? Schema
    {
        get => SchemaView is { } schema ? ToApacheType.Schema(schema) : null;
        init => SchemaView = value is null ? null : FromApacheType.Schema(value);
    }

    /// <summary>Types of some columns by name; those of the others are inferred. Not beside <see cref="Schema"/>. An
    /// extension type counts as its storage type: a schema names extensions.</summary>
    /// <exception cref="InvalidArrowException">A type that Arrow does not have.</exception>
    public IReadOnlyDictionary<string, T.IArrowType> Types
    {
        get => TypeViews.ToDictionary(pair => pair.Key, pair => ToApacheType.Type(pair.Value, null));
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            TypeViews = value.ToDictionary(pair => pair.Key, pair => FromApacheType.Type(pair.Value));
        }
    }
}
