using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Canonical;

/// <summary>The encoder under test, in one place.</summary>
internal static class Subject
{
    public static ReadOnlyMemory<byte> Encode(RecordBatch batch) => CanonicalBlock.Encode(batch).Bytes;
}
