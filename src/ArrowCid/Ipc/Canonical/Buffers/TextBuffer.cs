using System.Text;

namespace ArrowCid.Ipc;

/// <summary>UTF-8 of slots that follow each other; judged while it is copied.</summary>
/// <param name="source">The slots' bytes.</param>
/// <param name="judge">Judges slot by slot, and throws; called only where the bytes are not all ASCII.</param>
internal sealed class TextBuffer(ReadOnlyMemory<byte> source, Action judge) : BodyBuffer(source.Length)
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<byte> rest = source.Span;
        bool isAscii = true;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> piece = rest[..Math.Min(rest.Length, BlockSink.Piece)];
            isAscii = isAscii && Ascii.IsValid(piece);
            sink.Put(piece);
            rest = rest[piece.Length..];
        }

        if (!isAscii) judge();
    }
}
