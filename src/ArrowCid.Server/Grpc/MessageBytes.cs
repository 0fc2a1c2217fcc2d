using System.Buffers;
using Grpc.Core;

namespace ArrowCid.Server.Grpc;

/// <summary>The bytes of a message, for a generated parser.</summary>
internal sealed class MessageBytes(ReadOnlyMemory<byte> bytes) : DeserializationContext
{
    /// <inheritdoc/>
    public override int PayloadLength => bytes.Length;

    /// <inheritdoc/>
    public override byte[] PayloadAsNewBuffer() => bytes.ToArray();

    /// <inheritdoc/>
    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(bytes);
}
