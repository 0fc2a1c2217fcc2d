using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using Grpc.Core;

namespace ArrowCid.Flight.Service;

/// <summary>A FlightData message that a client received. Its body is copied once, from the library's buffer.</summary>
internal sealed class FlightMessage
{
    private readonly FlightDataReader _data;
    private readonly ExceptionDispatchInfo? _fault;

    private FlightMessage(DeserializationContext context)
    {
        byte[] prefix = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), context.PayloadLength);
        ReadOnlySequence<byte> framed = Piece.Join(prefix, context.PayloadAsReadOnlySequence());
        _data = new FlightDataReader(new GrpcReader(PipeReader.Create(framed).AsStream(), MessageLimit.None, null));
        try
        {
            // All of it is in memory, so that the task is complete.
            _ = _data.NextAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            // The library would tell its caller no more than that something could not be read.
            _fault = ExceptionDispatchInfo.Capture(e);
        }
    }

    /// <summary>Reads messages. They are never written.</summary>
    public static Marshaller<FlightMessage> Marshaller { get; } = new(
        static (_, _) => throw new NotSupportedException(), static context => new FlightMessage(context));

    /// <summary>The message's parts.</summary>
    /// <exception cref="Exception">It is not FlightData.</exception>
    public FlightDataReader Data
    {
        get
        {
            _fault?.Throw();
            return _data;
        }
    }

    /// <summary>A piece of a sequence.</summary>
    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        private Piece(ReadOnlyMemory<byte> memory, long at) => (Memory, RunningIndex) = (memory, at);

        public static ReadOnlySequence<byte> Join(ReadOnlyMemory<byte> start, ReadOnlySequence<byte> rest)
        {
            Piece first = new(start, 0), last = first;
            foreach (ReadOnlyMemory<byte> memory in rest)
            {
                var next = new Piece(memory, last.RunningIndex + last.Memory.Length);
                last.Next = next;
                last = next;
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}
