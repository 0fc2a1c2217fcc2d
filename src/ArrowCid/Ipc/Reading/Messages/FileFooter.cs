using System.Buffers.Binary;

namespace ArrowCid.Ipc;

/// <summary>The footer of an Arrow file: the schema that counts, and where dictionaries and batches lie.</summary>
internal sealed class FileFooter
{
    private const int BlockBytes = 24;

    private FileFooter(SchemaDecoder schema, FooterBlock[] dictionaries, FooterBlock[] batches) =>
        (Schema, Dictionaries, Batches) = (schema, dictionaries, batches);

    public static ReadOnlySpan<byte> Magic => "ARROW1"u8;

    public SchemaDecoder Schema { get; }

    public FooterBlock[] Dictionaries { get; }

    public FooterBlock[] Batches { get; }

    public static FileFooter Read(SeekableSource file, MessageReader messages, IpcTraits traits)
    {
        // The file's least: magic, two bytes of padding, an empty footer, its length, magic.
        long length = file.Length;
        int tail = Magic.Length + 4;
        Span<byte> end = stackalloc byte[tail];
        if (length < Magic.Length + 2 + tail) throw NotAFile(length);
        file.MoveTo(length - tail);
        file.Read(end);
        if (!end[4..].SequenceEqual(Magic)) throw NotAFile(length - Magic.Length);
        int size = BinaryPrimitives.ReadInt32LittleEndian(end);
        long start = length - tail - size;
        if (size <= 0 || start < Magic.Length + 2)
            throw new InvalidArrowException($"a footer of {size} bytes does not fit the file", offset: length - tail);
        file.MoveTo(start);
        ReadOnlySpan<byte> copy = file.ReadMetadata(size);
        if (copy.Length < size) throw NotAFile(length);
        var footer = FlatTable.Root(copy, new FlatLimits(start, size));
        // Writers up to 0.14 leave the version out, which reads as V1 whatever it is: the messages say it.
        if (footer.Has(0)) MessageReader.MeetVersion(footer.Short(0), traits, footer.Offset);
        messages.MeetCustomMetadata("the file's footer", footer.Vector(4, 4), footer.Offset);
        if (!footer.TryTable(1, out FlatTable schema))
            throw new InvalidArrowException("the file's footer has no schema", offset: footer.Offset);
        return new FileFooter(SchemaDecoder.Decode(schema, messages.Options.DropMetadata),
            Blocks(footer.Vector(2, BlockBytes), start), Blocks(footer.Vector(3, BlockBytes), start));
    }

    private static FooterBlock[] Blocks(FlatVector vector, long end)
    {
        var blocks = new FooterBlock[vector.Count];
        for (int i = 0; i < blocks.Length; i++)
        {
            var block = new FooterBlock(vector.Long(i), vector.Int(i, 8), vector.Long(i, 16));
            bool fits = block.Offset >= 8 && block.MetadataLength >= 8 && block.BodyLength >= 0
                && block.Offset <= end - block.MetadataLength
                && block.BodyLength <= end - block.MetadataLength - block.Offset;
            blocks[i] = fits
                ? block
                : throw new InvalidArrowException(
                    "the footer points outside the file's messages", offset: vector.Offset(i));
        }

        return blocks;
    }

    private static InvalidArrowException NotAFile(long offset) =>
        new("the file begins with ARROW1 and does not end with it; it was cut short", offset: offset);
}
