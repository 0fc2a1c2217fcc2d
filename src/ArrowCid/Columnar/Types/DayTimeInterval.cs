using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>A value of <see cref="ArrowTypeId.IntervalDayTime"/>, as it lies in memory.</summary>
/// <param name="Days">Days; may be negative.</param>
/// <param name="Milliseconds">Milliseconds; may be negative and more than a day.</param>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly record struct DayTimeInterval(int Days, int Milliseconds);
