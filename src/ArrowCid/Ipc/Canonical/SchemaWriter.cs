using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>The schema message of the canonical form.</summary>
internal static class SchemaWriter
{
    /// <summary>Arrow's numbers for the types in a schema's flatbuffer (Schema.fbs, union Type).</summary>
    private const int TagNull = 1, TagInt = 2, TagFloat = 3, TagBinary = 4, TagUtf8 = 5, TagBool = 6, TagDecimal = 7,
        TagDate = 8, TagTime = 9, TagTimestamp = 10, TagInterval = 11, TagList = 12, TagStruct = 13, TagUnion = 14,
        TagFixedBinary = 15, TagFixedList = 16, TagMap = 17, TagDuration = 18, TagLargeBinary = 19, TagLargeUtf8 = 20,
        TagLargeList = 21, TagRunEnd = 22, TagBinaryView = 23, TagUtf8View = 24, TagListView = 25,
        TagLargeListView = 26;

    public static void Write(FlatBufferWriter writer, CanonicalField[] fields,
        IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        writer.Begin();
        int message = writer.Table([2, 1, 4, 8]);
        writer.Set16(message, 0, BlockFormat.MetadataV5);
        writer.Set8(message, 1, BlockFormat.SchemaMessage);
        WriteTable(writer, message, 2, fields, metadata);
        writer.End(message);
    }

    /// <summary>The schema's table as the field <paramref name="id"/> of a parent.</summary>
    public static void WriteTable(FlatBufferWriter writer, int parent, int id, CanonicalField[] fields,
        IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        int schema = writer.Table(metadata.Count > 0 ? [2, 4, 4] : [2, 4]);
        writer.Link(parent, id, schema);
        writer.Link(schema, 1, WriteFields(writer, fields));
        if (metadata.Count > 0) writer.Link(schema, 2, WriteMetadata(writer, metadata, null));
    }

    private static int WriteFields(FlatBufferWriter writer, CanonicalField[] fields)
    {
        int vector = writer.TableVector(fields.Length);
        for (int i = 0; i < fields.Length; i++) writer.LinkItem(vector, i, WriteField(writer, fields[i]));
        return vector;
    }

    private static int WriteField(FlatBufferWriter writer, CanonicalField field)
    {
        byte encoding = (byte)(field.DictionaryId >= 0 ? 4 : 0);
        int table = field.Metadata.Count > 0
            ? writer.Table([4, 1, 1, 4, encoding, 4, 4])
            : writer.Table([4, 1, 1, 4, encoding, 4]);
        writer.Set8(table, 1, field.IsNullable ? 1 : 0);
        writer.Link(table, 0, Text(writer, field.Name, field.Path));
        (int tag, int type) = WriteType(writer, (field.DictionaryValues ?? field).Type, field.Path);
        writer.Set8(table, 2, tag);
        writer.Link(table, 3, type);
        if (field.DictionaryId >= 0) writer.Link(table, 4, WriteEncoding(writer, field));
        writer.Link(table, 5, WriteFields(writer, field.Children));
        if (field.Metadata.Count > 0) writer.Link(table, 6, WriteMetadata(writer, field.Metadata, field.Path));
        return table;
    }

    private static int WriteEncoding(FlatBufferWriter writer, CanonicalField field)
    {
        var type = (DictionaryType)field.Type;
        int table = writer.Table([8, 4, 1, 2]);
        writer.Set64(table, 0, field.DictionaryId);
        writer.Set8(table, 2, type.IsOrdered ? 1 : 0);
        writer.Link(table, 1, WriteType(writer, type.IndexType, field.Path).Position);
        return table;
    }

    private static int WriteMetadata(
        FlatBufferWriter writer, IReadOnlyList<KeyValuePair<string, string>> pairs, FieldPath? path)
    {
        int vector = writer.TableVector(pairs.Count);
        for (int i = 0; i < pairs.Count; i++)
        {
            int pair = writer.Table([4, 4]);
            writer.LinkItem(vector, i, pair);
            writer.Link(pair, 0, Text(writer, pairs[i].Key, path));
            writer.Link(pair, 1, Text(writer, pairs[i].Value, path));
        }

        return vector;
    }

    private static int Text(FlatBufferWriter writer, string text, FieldPath? path)
    {
        try
        {
            return writer.Text(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new InvalidArrowException(
                "a name or metadata text cannot be UTF-8: it holds half a surrogate pair", path, inner: e);
        }
    }

    private static (int Tag, int Position) WriteType(FlatBufferWriter writer, ArrowType type, FieldPath? path)
    {
        switch (type)
        {
            case DecimalType d:
                return (TagDecimal, Ints(writer, d.Precision, d.Scale, d.BitWidth));
            case TimeType { Id: ArrowTypeId.Duration } t:
                return (TagDuration, Unit(writer, (int)t.Unit));
            case TimeType t:
                int time = writer.Table([2, 4]);
                writer.Set16(time, 0, (int)t.Unit);
                writer.Set32(time, 1, 8 * t.ByteWidth());
                return (TagTime, time);
            case TimestampType t:
                int stamp = t.TimeZone is null ? writer.Table([2]) : writer.Table([2, 4]);
                writer.Set16(stamp, 0, (int)t.Unit);
                if (t.TimeZone is not null) writer.Link(stamp, 1, Text(writer, t.TimeZone, path));
                return (TagTimestamp, stamp);
            case UnionType u:
                int union = writer.Table([2, 4]);
                writer.Set16(union, 0, u.Id == ArrowTypeId.DenseUnion ? 1 : 0);
                writer.Link(union, 1, writer.Int32Vector(u.TypeCodes));
                return (TagUnion, union);
            case MapType m:
                int map = writer.Table([1]);
                writer.Set8(map, 0, m.KeysSorted ? 1 : 0);
                return (TagMap, map);
            case FixedSizeBinaryType f:
                return (TagFixedBinary, Ints(writer, f.ByteWidth));
            case FixedSizeListType f:
                return (TagFixedList, Ints(writer, f.ListSize));
            default:
                return WriteSimple(writer, type.Id);
        }
    }

    private static (int Tag, int Position) WriteSimple(FlatBufferWriter writer, ArrowTypeId id) => id switch
    {
        >= ArrowTypeId.Int8 and <= ArrowTypeId.Int64 => (TagInt, Int(writer, 8 << (id - ArrowTypeId.Int8), true)),
        >= ArrowTypeId.UInt8 and <= ArrowTypeId.UInt64 => (TagInt, Int(writer, 8 << (id - ArrowTypeId.UInt8), false)),
        >= ArrowTypeId.Float16 and <= ArrowTypeId.Float64 => (TagFloat, Unit(writer, id - ArrowTypeId.Float16)),
        ArrowTypeId.Date32 or ArrowTypeId.Date64 => (TagDate, Unit(writer, id - ArrowTypeId.Date32)),
        >= ArrowTypeId.IntervalYearMonth and <= ArrowTypeId.IntervalMonthDayNano =>
            (TagInterval, Unit(writer, id - ArrowTypeId.IntervalYearMonth)),
        _ => (TagOfEmpty(id), writer.Table([])),
    };

    private static int TagOfEmpty(ArrowTypeId id) => id switch
    {
        ArrowTypeId.Null => TagNull,
        ArrowTypeId.Boolean => TagBool,
        ArrowTypeId.Utf8 => TagUtf8,
        ArrowTypeId.LargeUtf8 => TagLargeUtf8,
        ArrowTypeId.Utf8View => TagUtf8View,
        ArrowTypeId.Binary => TagBinary,
        ArrowTypeId.LargeBinary => TagLargeBinary,
        ArrowTypeId.BinaryView => TagBinaryView,
        ArrowTypeId.List => TagList,
        ArrowTypeId.LargeList => TagLargeList,
        ArrowTypeId.ListView => TagListView,
        ArrowTypeId.LargeListView => TagLargeListView,
        ArrowTypeId.Struct => TagStruct,
        ArrowTypeId.RunEndEncoded => TagRunEnd,
        _ => throw new ArrowCidException(ErrorCode.Internal, $"No flatbuffer tag for {id}"),
    };

    private static int Int(FlatBufferWriter writer, int bits, bool signed)
    {
        int table = writer.Table([4, 1]);
        writer.Set32(table, 0, bits);
        writer.Set8(table, 1, signed ? 1 : 0);
        return table;
    }

    private static int Unit(FlatBufferWriter writer, int unit)
    {
        int table = writer.Table([2]);
        writer.Set16(table, 0, unit);
        return table;
    }

    private static int Ints(FlatBufferWriter writer, params ReadOnlySpan<int> values)
    {
        int table = writer.Table(values.Length == 1 ? [4] : [4, 4, 4]);
        for (int i = 0; i < values.Length; i++) writer.Set32(table, i, values[i]);
        return table;
    }
}
