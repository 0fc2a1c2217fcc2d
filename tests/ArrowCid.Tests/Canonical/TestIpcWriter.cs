using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Canonical;

/// <summary>Writes batches as Arrow IPC in every way but the canonical one. It never cuts an array: offsets must be
/// 0.</summary>
internal sealed class TestIpcWriter(IpcKnobs knobs, Random random)
{
    private readonly List<byte> _out = [];
    private readonly List<long> _dictionaryBlocks = [];
    private readonly List<long> _batchBlocks = [];
    private int _nextId;

    public static byte[] Write(Schema schema, IEnumerable<RecordBatch> batches, IpcKnobs knobs, Random random)
    {
        var writer = new TestIpcWriter(knobs, random);
        writer.Run(schema, batches);
        return [.. writer._out];
    }

    private int Alignment => Has(IpcKnobs.Narrow) ? 8 : 64;

    private bool Has(IpcKnobs knob) => knobs.HasFlag(knob);

    private void Run(Schema schema, IEnumerable<RecordBatch> batches)
    {
        if (Has(IpcKnobs.File)) _out.AddRange("ARROW1\0\0"u8);
        Message(1, SchemaTable(schema), []);
        foreach (RecordBatch batch in batches)
        {
            _nextId = 0;
            for (int i = 0; i < batch.Columns.Count; i++) Dictionaries(batch.Columns[i]);
            (FlatTable table, byte[] body) = Batch(batch.Columns, batch.Length);
            _batchBlocks.AddRange(Message(3, table, body));
        }

        byte[] eos = Has(IpcKnobs.Legacy) ? [0, 0, 0, 0] : [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
        if (!Has(IpcKnobs.NoEos)) _out.AddRange(eos);
        if (Has(IpcKnobs.File)) Footer(schema);
        else if (Has(IpcKnobs.Trailing)) _out.AddRange(Encoding.ASCII.GetBytes("and more"));
    }

    /// <summary>Appends a message; its place, the length of its metadata and that of its body.</summary>
    private long[] Message(int headerType, FlatTable header, byte[] body)
    {
        FlatTable root = Lean(new FlatTable()
            .Short(0, Has(IpcKnobs.V4) ? 3 : 4).Byte(1, headerType).Reference(2, header).Long(3, body.Length), (3, 0));
        List<byte> metadata = [.. FlatObject.Root(root)];
        int prefix = Has(IpcKnobs.Legacy) ? 4 : 8;
        while ((prefix + metadata.Count) % Alignment != 0) metadata.Add(0);
        long place = _out.Count;
        if (!Has(IpcKnobs.Legacy)) _out.AddRange([0xFF, 0xFF, 0xFF, 0xFF]);
        _out.AddRange(SlowColumns.Number(metadata.Count, 4));
        _out.AddRange(metadata);
        _out.AddRange(body);
        return [place, prefix + metadata.Count, body.Length];
    }

    private void Footer(Schema schema)
    {
        byte[] footer = FlatObject.Root(new FlatTable()
            .Short(0, Has(IpcKnobs.V4) ? 3 : 4)
            .Reference(1, SchemaTable(schema))
            .Reference(2, Numbers(_dictionaryBlocks, 3))
            .Reference(3, Numbers(_batchBlocks, 3)));
        _out.AddRange(footer);
        _out.AddRange(SlowColumns.Number(footer.Length, 4));
        _out.AddRange("ARROW1"u8);
    }

    private void Dictionaries(ArrowArray array)
    {
        if (array.Type is DictionaryType type)
        {
            int id = _nextId++;
            ArrowArray values = array.Dictionary!;
            Dictionaries(values);
            Dictionary(type.ValueType, IdOf(id), values);
            return;
        }

        foreach (ArrowArray child in array.Children) Dictionaries(child);
    }

    private void Dictionary(ArrowType type, long id, ArrowArray values)
    {
        if (Has(IpcKnobs.NoEmpty) && values.Length == 0) return;
        bool isPlain = !HoldsDictionary(type);
        if (!isPlain || values.Length == 0 || !(Has(IpcKnobs.Replaced) || Has(IpcKnobs.Deltas)))
        {
            Send(values, false);
            return;
        }

        Shape shape = SlotReader.ShapeOf(values, "");
        Value[] entries = [.. Enumerable.Range(0, values.Length)
            .Select(i => SlotReader.Read(values, new Field("", type), i, "", shape))];
        if (Has(IpcKnobs.Replaced) && !Has(IpcKnobs.File))
            Send(MemoryLayout.Plain(type, shape, [.. entries.Reverse().Take(3)]), false);
        int first = Has(IpcKnobs.Deltas) ? random.Next(entries.Length) : 0;
        if (first == 0)
        {
            Send(values, false);
            return;
        }

        Send(MemoryLayout.Plain(type, shape, entries[..first]), false);
        Send(MemoryLayout.Plain(type, shape, entries[first..]), true);

        void Send(ArrowArray part, bool isDelta)
        {
            (FlatTable table, byte[] body) = Batch([part], part.Length);
            FlatTable header = Lean(new FlatTable().Long(0, id).Reference(1, table).Bool(2, isDelta), (0, 0), (2, 0));
            _dictionaryBlocks.AddRange(Message(2, header, body));
        }
    }

    private static long IdOf(int number) => 5 * number + 3;

    private static bool HoldsDictionary(ArrowType type) =>
        type is DictionaryType || type.Children.Any(f => HoldsDictionary(f.Type));

    private (FlatTable Table, byte[] Body) Batch(IEnumerable<ArrowArray> arrays, int length)
    {
        var parts = new IpcParts(Has(IpcKnobs.BigEndian), Has(IpcKnobs.V4));
        foreach (ArrowArray array in arrays) parts.Add(array);
        List<byte> body = [];
        List<long> places = [];
        foreach (byte[] buffer in parts.Buffers)
        {
            byte[] stored = Compressed(buffer);
            places.AddRange([body.Count, stored.Length]);
            body.AddRange(stored);
            while (body.Count % Alignment != 0) body.Add(0);
        }

        FlatTable table = Lean(new FlatTable().Long(0, length), (0, 0))
            .Reference(1, Numbers(parts.Nodes, 2))
            .Reference(2, Numbers(places, 2));
        if (Has(IpcKnobs.Lz4) || Has(IpcKnobs.Zstd))
            table.Reference(3, Lean(new FlatTable().Byte(0, Has(IpcKnobs.Lz4) ? 0 : 1).Byte(1, 0), (0, 0), (1, 0)));
        if (parts.Variadic.Count > 0) table.Reference(4, Numbers(parts.Variadic, 1));
        return (table, [.. body]);
    }

    /// <summary>A frame of stored blocks: legal LZ4 and zstd, without a compressor.</summary>
    private byte[] Compressed(byte[] buffer)
    {
        if (!(Has(IpcKnobs.Lz4) || Has(IpcKnobs.Zstd)) || buffer.Length == 0) return buffer;
        if (random.Next(4) == 0) return [.. SlowColumns.Number(-1, 8), .. buffer];
        List<byte> frame = [.. SlowColumns.Number(buffer.Length, 8)];
        if (Has(IpcKnobs.Lz4)) frame.AddRange([0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82]);
        else frame.AddRange([0x28, 0xB5, 0x2F, 0xFD, 0xA0, .. SlowColumns.Number(buffer.Length, 4)]);
        const int Block = 1 << 16;
        for (int i = 0; i < buffer.Length; i += Block)
        {
            byte[] part = buffer[i..Math.Min(i + Block, buffer.Length)];
            bool isLast = i + Block >= buffer.Length;
            frame.AddRange(Has(IpcKnobs.Lz4)
                ? SlowColumns.Number(part.Length | 1L << 31, 4)
                : SlowColumns.Number((isLast ? 1 : 0) | part.Length << 3, 3));
            frame.AddRange(part);
        }

        if (Has(IpcKnobs.Lz4)) frame.AddRange(new byte[4]);
        return [.. frame];
    }

    private FlatTable SchemaTable(Schema schema)
    {
        _nextId = 0;
        return Lean(new FlatTable().Short(0, Has(IpcKnobs.BigEndian) ? 1 : 0), (0, 0))
            .Reference(1, Tables([.. schema.Fields.Select(FieldTable)]))
            .Reference(2, KeyValues(schema.Metadata));
    }

    private FlatTable FieldTable(Field field)
    {
        ArrowType values = field.Type is DictionaryType d ? d.ValueType : field.Type;
        (int tag, FlatTable type) = SlowSchema.Type(values);
        (int, long)[] defaults = tag switch
        {
            7 => [(2, 128)],
            8 or 18 => [(0, 1)],
            9 => [(0, 1), (1, 32)],
            _ => [(0, 0), (1, 0)],
        };
        if (Has(IpcKnobs.NoDefaults) && values is UnionType union
            && union.TypeCodes.ToArray().Select((c, i) => c == i).All(same => same))
            type.OmitReference(1);
        return Lean(new FlatTable()
            .Reference(0, field.Name.Length == 0 && Has(IpcKnobs.NoDefaults) ? null : SlowSchema.Text(field.Name))
            .Bool(1, field.IsNullable).Byte(2, tag).Reference(3, Lean(type, defaults))
            .Reference(4, DictionaryTable(field.Type))
            .Reference(5, Tables([.. values.Children.Select(FieldTable)]))
            .Reference(6, KeyValues(field.Metadata)), (1, 0));
    }

    private FlatTable? DictionaryTable(ArrowType type)
    {
        if (type is not DictionaryType d) return null;
        FlatTable? index = Has(IpcKnobs.NoDefaults) && d.IndexType.Id == ArrowTypeId.Int32
            ? null
            : Lean(SlowSchema.Type(d.IndexType).Table, (1, 0));
        return Lean(new FlatTable().Long(0, IdOf(_nextId++)).Reference(1, index).Bool(2, d.IsOrdered).Short(3, 0),
            (2, 0), (3, 0));
    }

    private FlatTable Lean(FlatTable table, params (int Id, long Default)[] defaults)
    {
        foreach ((int id, long value) in Has(IpcKnobs.NoDefaults) ? defaults : []) table.Omit(id, value);
        return table;
    }

    private FlatTables? Tables(FlatObject[] tables) =>
        tables.Length == 0 && Has(IpcKnobs.NoEmpty) ? null : new FlatTables(tables);

    private FlatNumbers? Numbers(List<long> numbers, int perItem) => numbers.Count == 0 && Has(IpcKnobs.NoEmpty)
        ? null
        : new FlatNumbers(numbers.Count / perItem, numbers);

    private FlatTables? KeyValues(IReadOnlyList<KeyValuePair<string, string>> pairs) => pairs.Count == 0
        ? null
        : new FlatTables([.. pairs.Select(p => new FlatTable()
            .Reference(0, SlowSchema.Text(p.Key))
            .Reference(1, p.Value.Length == 0 && Has(IpcKnobs.NoDefaults) ? null : SlowSchema.Text(p.Value)))]);
}
