namespace ArrowCid.Columnar;

/// <summary>
/// A column of fixed width, read as C# values where they lie: no copy, no conversion. Valid as long as the memory
/// behind the array. For a loop over many rows take <see cref="Values"/> once.
/// </summary>
/// <typeparam name="T">The value in memory: <see cref="int"/> for int32, date32, time32, year-month intervals and
/// decimal32; <see cref="long"/> for int64, date64, time64, timestamps, durations and decimal64; <see cref="Int128"/>
/// for decimal128 (unscaled); <see cref="Half"/>, <see cref="float"/> and <see cref="double"/>;
/// for intervals of days and milliseconds or of months, days and nanoseconds a struct of 8 or 16 bytes, as
/// Apache.Arrow.Scalars has them; for fixed-size binary and decimal256 any struct of that width.</typeparam>
public readonly struct Column<T> where T : unmanaged
{
    private readonly ArrowArray? _array;

    internal Column(ArrowArray array, string what)
    {
        Elements.Check<T>(array.Type, what);
        _array = array;
    }

    /// <summary>Slots.</summary>
    public int Length => _array?.Length ?? 0;

    /// <summary>Slots that are null.</summary>
    public int NullCount => _array?.NullCount ?? 0;

    /// <summary>All slots as they lie in memory. What lies under a null is unspecified. Valid as long as the memory
    /// behind the array.</summary>
    public ReadOnlySpan<T> Values => _array is null ? default : _array.Values<T>();

    /// <summary>One slot.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>The value, or null.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    public T? this[int index] => IsNull(index) ? null : Values[index];

    /// <summary>Whether a slot is null.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>True for a null.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    public bool IsNull(int index) => _array is null
        ? throw new ArgumentOutOfRangeException(nameof(index), index, "The column is empty.")
        : _array.IsNull(index);
}
