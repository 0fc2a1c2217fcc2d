using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>Arrays in files of NumPy (.npy, format 1 to 3), as batches of one row of <c>arrow.fixed_shape_tensor</c>:
/// the same batch as the package for Python makes of the array.</summary>
internal static partial class NumpyFile
{
    private const string TensorName = "arrow.fixed_shape_tensor";
    private const int MaxHeaderBytes = 1 << 16, Alignment = 64;

    private static readonly (string Kind, ArrowType Type, int Bytes)[] s_types =
    [
        ("i1", ArrowType.Int8, 1), ("i2", ArrowType.Int16, 2), ("i4", ArrowType.Int32, 4), ("i8", ArrowType.Int64, 8),
        ("u1", ArrowType.UInt8, 1), ("u2", ArrowType.UInt16, 2), ("u4", ArrowType.UInt32, 4),
        ("u8", ArrowType.UInt64, 8), ("f2", ArrowType.Float16, 2), ("f4", ArrowType.Float32, 4),
        ("f8", ArrowType.Float64, 8), ("b1", ArrowType.UInt8, 1),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its bytes, over which the batch is.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it is no such file;
    /// <see cref="ErrorCode.Unsupported"/>: an array of objects, texts, complex numbers or another byte order, in the
    /// order of Fortran, or without items.</exception>
    public static RecordBatch Read(ReadOnlyMemory<byte> file)
    {
        ReadOnlySpan<byte> bytes = file.Span;
        if (bytes.Length < 10 || !bytes.StartsWith(Magic)) throw Invalid("it is no NumPy array");
        int lengthBytes = bytes[6] switch { 1 => 2, 2 or 3 => 4, _ => throw Invalid("its version is unknown") };
        if (bytes.Length < 8 + lengthBytes) throw Invalid("it is cut short");
        long header = lengthBytes == 2
            ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        int at = 8 + lengthBytes;
        if (header > MaxHeaderBytes || header > bytes.Length - at) throw Invalid("its header is cut short");
        string text = Encoding.Latin1.GetString(bytes.Slice(at, (int)header));
        string descr = Part(DescrPattern(), text), order = Part(OrderPattern(), text);
        long[] shape = ShapeOf(Part(ShapePattern(), text));
        if (descr[0] == '>') throw Unsupported("its numbers are big-endian");
        (string kind, ArrowType type, int each) = Array.Find(s_types, known => known.Kind == descr[1..]);
        if (kind is null) throw Unsupported($"an array of '{descr}' is no tensor of Arrow");
        if (order == "True" && shape.Count(size => size > 1) > 1) throw Unsupported("it is in the order of Fortran");
        long items = 1;
        foreach (long size in shape)
        {
            if (size > int.MaxValue || (items *= size) > int.MaxValue) throw Unsupported("it has over 2^31 - 1 items");
        }

        if (items == 0) throw Unsupported("it has no items");
        ReadOnlyMemory<byte> values = file[(at + (int)header)..];
        if (values.Length != items * each) throw Invalid($"it has {values.Length} bytes of values, not {items * each}");
        return BatchOf(type, (int)items, shape, values);
    }

    /// <summary>Writes a batch that is a tensor.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it is none.</exception>
    public static void Write(RecordBatch batch, Stream output)
    {
        bool isTensor = batch is { Length: 1, Schema.Fields: [{ Type: FixedSizeListType, ExtensionName: TensorName }] };
        if (!isTensor) throw NoTensor("it is no batch of one row of arrow.fixed_shape_tensor");
        Field field = batch.Schema.Fields[0];
        var list = (FixedSizeListType)field.Type;
        (string kind, _, int each) = Array.Find(s_types, known => known.Type.Equals(list.Item.Type));
        if (kind is null) throw NoTensor($"NumPy has no items of {list.Item.Type}");
        ArrowArray column = batch.Columns[0];
        ArrowArray items = column.Children[0];
        if (items.NullCount > 0) throw NoTensor("it has nulls");
        long[] shape = ShapeOf(field, list.ListSize);
        string dimensions = string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));
        string header = $"{{'descr': '{(each == 1 ? '|' : '<')}{kind}', 'fortran_order': False, " +
            $"'shape': ({dimensions}{(shape.Length == 1 ? "," : "")}), }}";
        int space = Alignment - ((Magic.Length + 4 + header.Length + 1) % Alignment);
        byte[] text = Encoding.Latin1.GetBytes(header + new string(' ', space) + "\n");
        Span<byte> start = stackalloc byte[10];
        Magic.CopyTo(start);
        (start[6], start[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(start[8..], (ushort)text.Length);
        output.Write(start);
        output.Write(text);
        int first = (items.Offset + (column.Offset * list.ListSize)) * each;
        output.Write(items.Buffers[1].Span.Slice(first, list.ListSize * each));
    }

    /// <summary>Numbers as a tensor.</summary>
    public static RecordBatch BatchOf(ArrowType type, int items, long[] shape, ReadOnlyMemory<byte> values)
    {
        var list = new FixedSizeListType(new Field("item", type), items);
        var field = new Field("tensor", list, nullable: false,
        [
            KeyValuePair.Create(Field.ExtensionNameKey, TensorName),
            KeyValuePair.Create(Field.ExtensionMetadataKey, $"{{\"shape\":[{string.Join(',', shape)}]}}"),
        ]);
        var inner = new ArrowArray(type, items, [ReadOnlyMemory<byte>.Empty, values], nullCount: 0);
        var column = new ArrowArray(list, 1, [ReadOnlyMemory<byte>.Empty], [inner], nullCount: 0);
        return new RecordBatch(new Schema([field]), 1, column);
    }

    /// <summary>The shape that the metadata of a tensor give.</summary>
    private static long[] ShapeOf(Field field, int items)
    {
        string? text = field.Metadata.Where(pair => pair.Key == Field.ExtensionMetadataKey).Select(pair => pair.Value)
            .FirstOrDefault();
        try
        {
            using JsonDocument json = JsonDocument.Parse(text ?? "");
            long[] shape = [.. json.RootElement.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
            bool isOfItems = shape.All(size => size >= 0) &&
                shape.Aggregate((Int128)1, (product, size) => product * size) == items;
            bool isInOrder = !json.RootElement.TryGetProperty("permutation", out JsonElement permutation) ||
                permutation.EnumerateArray().Select(place => place.GetInt32())
                    .SequenceEqual(Enumerable.Range(0, shape.Length));
            if (isOfItems && isInOrder) return shape;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or
            FormatException or OverflowException)
        {
            // It has no shape in a form that is known.
        }

        throw NoTensor("the shape in its metadata is not that of its items");
    }

    private static long[] ShapeOf(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.ConvertAll(parts, part =>
            long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
                ? size
                : throw Invalid($"its shape has '{part}'"));
    }

    private static string Part(Regex pattern, string header) => pattern.Match(header) is { Success: true } match
        ? match.Groups[1].Value
        : throw Invalid("its header is in another form");

    [GeneratedRegex(@"'descr':\s*'([<>|=][a-zA-Z]\d{1,4})'")]
    private static partial Regex DescrPattern();

    [GeneratedRegex(@"'fortran_order':\s*(True|False)")]
    private static partial Regex OrderPattern();

    [GeneratedRegex(@"'shape':\s*\(([0-9, ]{0,1024})\)")]
    private static partial Regex ShapePattern();

    private static ArrowCidException Invalid(string why) =>
        new(ErrorCode.InvalidData, $"the array cannot be read: {why}");

    private static ArrowCidException Unsupported(string why) =>
        new(ErrorCode.Unsupported, $"the array is not taken: {why}");

    private static ArrowCidException NoTensor(string why) =>
        new(ErrorCode.SchemaMismatch, $"the batch cannot be written as an array: {why}");
}
