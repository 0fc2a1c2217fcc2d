using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>One column of a <see cref="FlatShape"/>.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Layout">The type's layout.</param>
/// <param name="Width">Bytes of a value, or of an offset.</param>
/// <param name="FirstBuffer">Where its buffers begin among the batch's.</param>
internal readonly record struct FlatColumn(ArrowType Type, BufferLayout Layout, int Width, int FirstBuffer);
