using ArrowCid.Memory;

namespace ArrowCid.Columnar;

internal sealed partial class ArrowArray
{
    /// <summary>An array over the caller's own values, without a copy: <c>ArrowArray.From&lt;double&gt;(prices)</c>.
    /// The values must not change as long as the array is in use.</summary>
    /// <typeparam name="T">A value as it lies in memory; see <see cref="Column{T}"/>.</typeparam>
    /// <param name="values">The values, one a slot; what lies under a null does not matter.</param>
    /// <param name="type">The type; by default the plain one of <typeparamref name="T"/> (int32 for
    /// <see cref="int"/>).</param>
    /// <param name="validity">A bit a slot, the lowest first, zero for null; empty where no slot is.</param>
    /// <returns>The array.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the values are not of that
    /// type.</exception>
    /// <exception cref="ArgumentException">No type is given and <typeparamref name="T"/> has no plain one, or the
    /// values take more than 2^31 - 1 bytes.</exception>
    /// <exception cref="InvalidArrowException">The bitmap is too short.</exception>
    public static ArrowArray From<T>(ReadOnlyMemory<T> values, ArrowType? type = null,
        ReadOnlyMemory<byte> validity = default) where T : unmanaged
    {
        type ??= Elements.NaturalType<T>()
            ?? throw new ArgumentException($"{typeof(T).Name} has no Arrow type of its own: name one.", nameof(type));
        Elements.Check<T>(type, "The array");
        return new ArrowArray(type, values.Length, [validity, CastMemory<T>.Bytes(values)],
            nullCount: validity.IsEmpty ? 0 : -1);
    }
}
