using System.Security.Cryptography;
using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>
/// The canonical block as a slow, plain program, written from canonical-block.md alone: an oracle to hold the real
/// encoder against. It reads a batch into values, one slot at a time, and writes the values.
/// </summary>
internal static class SlowEncoder
{
    private const int Unit = 64;

    public static byte[] Encode(RecordBatch batch) => Encode(Logical.Read(batch));

    public static byte[] Encode(Logical batch)
    {
        List<(int Id, int Length, SlowColumns Body)> dictionaries = [];
        var columns = new SlowColumns(dictionaries, [0]);
        for (int i = 0; i < batch.Columns.Length; i++)
            columns.Column(batch.Schema.Fields[i].Type, batch.Shapes[i], batch.Columns[i]);
        List<byte> block = [.. SchemaMessage(batch.Schema)];
        foreach ((int id, int length, SlowColumns body) in dictionaries)
        {
            (FlatTable data, byte[] bytes) = Batch(body, length);
            block.AddRange(Message(2, new FlatTable().Long(0, id).Reference(1, data).Bool(2, false), bytes));
        }

        (FlatTable table, byte[] columnBytes) = Batch(columns, batch.Length);
        block.AddRange(Message(3, table, columnBytes));
        block.AddRange([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]);
        return [.. block];
    }

    public static byte[] SchemaMessage(Schema schema)
    {
        SchemaRules.Check(schema);
        return Message(1, SlowSchema.Of(schema), []);
    }

    /// <summary>CIDv1, raw, sha2-256, in base32: the BCL's SHA-256 and five bits at a time.</summary>
    public static string Cid(ReadOnlySpan<byte> bytes)
    {
        byte[] cid = [0x01, 0x55, 0x12, 0x20, .. SHA256.HashData(bytes)];
        var text = new StringBuilder("b");
        for (int bit = 0; bit < cid.Length * 8; bit += 5)
        {
            int five = 0;
            for (int i = bit; i < bit + 5; i++)
                five = five << 1 | (i < cid.Length * 8 ? cid[i / 8] >> 7 - i % 8 & 1 : 0);
            text.Append("abcdefghijklmnopqrstuvwxyz234567"[five]);
        }

        return text.ToString();
    }

    private static byte[] Message(int headerType, FlatTable header, byte[] body)
    {
        byte[] root = FlatObject.Root(
            new FlatTable().Short(0, 4).Byte(1, headerType).Reference(2, header).Long(3, body.Length));
        int length = root.Length;
        while ((8 + length) % Unit != 0) length++;
        return
        [
            0xFF, 0xFF, 0xFF, 0xFF, .. SlowColumns.Number(length, 4),
            .. root, .. new byte[length - root.Length], .. body,
        ];
    }

    private static (FlatTable Table, byte[] Body) Batch(SlowColumns columns, int length)
    {
        List<byte> body = [];
        List<long> places = [];
        foreach (byte[] buffer in columns.Buffers)
        {
            places.AddRange([body.Count, buffer.Length]);
            body.AddRange(buffer);
            while (body.Count % Unit != 0) body.Add(0);
        }

        IEnumerable<long> nodes = columns.Nodes.SelectMany(n => new[] { n.Length, n.Nulls });
        FlatNumbers? variadic = columns.Variadic.Count == 0
            ? null
            : new FlatNumbers(columns.Variadic.Count, columns.Variadic);
        FlatTable table = new FlatTable()
            .Long(0, length)
            .Reference(1, new FlatNumbers(columns.Nodes.Count, nodes))
            .Reference(2, new FlatNumbers(columns.Buffers.Count, places))
            .Reference(4, variadic);
        return (table, [.. body]);
    }
}
