using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>What a leaf or group means (the union LogicalType).</summary>
/// <param name="Kind">Which meaning.</param>
/// <param name="Scale">A decimal's scale.</param>
/// <param name="Precision">A decimal's precision.</param>
/// <param name="Unit">A time's or timestamp's unit.</param>
/// <param name="IsUtc">Whether a time or timestamp counts from an instant.</param>
/// <param name="BitWidth">An integer's bits.</param>
/// <param name="IsSigned">Whether an integer is signed.</param>
internal readonly record struct LogicalType(LogicalKind Kind, int Scale = 0, int Precision = 0,
    TimeUnit Unit = TimeUnit.Millisecond, bool IsUtc = false, int BitWidth = 0, bool IsSigned = false);

/// <summary>An element of the schema's flat tree.</summary>
internal sealed record SchemaElement
{
    public string Name { get; init; } = "";

    public PhysicalType? Type { get; init; }

    public int TypeLength { get; init; }

    public Repetition Repetition { get; init; }

    public int ChildCount { get; init; }

    public ConvertedType Converted { get; init; } = ConvertedType.None;

    public int Scale { get; init; }

    public int Precision { get; init; }

    public int? FieldId { get; init; }

    public LogicalType Logical { get; init; }

    public static SchemaElement Read(ref ThriftReader reader)
    {
        var element = new Draft { Converted = ConvertedType.None };
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1: element.Type = (PhysicalType)reader.Int(field); break;
                case 2: element.TypeLength = reader.Int(field); break;
                case 3: element.Repetition = (Repetition)reader.Int(field); break;
                case 4: element.Name = reader.Text(field); break;
                case 5: element.ChildCount = reader.Int(field); break;
                case 6: element.Converted = (ConvertedType)reader.Int(field); break;
                case 7: element.Scale = reader.Int(field); break;
                case 8: element.Precision = reader.Int(field); break;
                case 9: element.FieldId = reader.Int(field); break;
                case 10: element.Logical = ReadLogical(ref reader, field); break;
                default: reader.Skip(field); break;
            }
        }

        if (element.Type is < PhysicalType.Boolean or > PhysicalType.FixedLenByteArray)
        {
            throw ParquetFault.Unsupported(
                $"column '{element.Name}' has the unknown physical type {(int)element.Type}");
        }

        if (element.Repetition is < Repetition.Required or > Repetition.Repeated)
            throw ParquetFault.Broken($"field '{element.Name}' has the unknown repetition {(int)element.Repetition}");
        return new SchemaElement
        {
            Name = element.Name ?? "",
            Type = element.Type,
            TypeLength = element.TypeLength,
            Repetition = element.Repetition,
            ChildCount = element.ChildCount,
            Converted = element.Converted,
            Scale = element.Scale,
            Precision = element.Precision,
            FieldId = element.FieldId,
            Logical = element.Logical,
        };
    }

    public void Write(ThriftWriter writer, bool isRoot)
    {
        writer.Begin();
        if (Type is { } type) writer.Int(1, (int)type);
        if (Type == PhysicalType.FixedLenByteArray) writer.Int(2, TypeLength);
        if (!isRoot) writer.Int(3, (int)Repetition);
        writer.Text(4, Name);
        if (Type is null) writer.Int(5, ChildCount);
        if (Converted != ConvertedType.None) writer.Int(6, (int)Converted);
        if (Converted == ConvertedType.Decimal)
        {
            writer.Int(7, Scale);
            writer.Int(8, Precision);
        }

        if (Logical.Kind != LogicalKind.None) WriteLogical(writer, Logical);
        writer.End();
    }

    private static LogicalType ReadLogical(ref ThriftReader reader, in ThriftField outer)
    {
        reader.Struct(outer);
        var logical = default(LogicalType);
        var union = default(ThriftField);
        while (reader.Next(ref union))
        {
            LogicalKind kind = union.Id is >= 1 and <= 15 and not 9 ? (LogicalKind)union.Id : LogicalKind.Other;
            if (kind is LogicalKind.Decimal or LogicalKind.Time or LogicalKind.Timestamp or LogicalKind.Integer)
            {
                reader.Struct(union);
                logical = ReadParameters(ref reader, kind);
            }
            else
            {
                logical = new LogicalType(kind);
                reader.Skip(union);
            }
        }

        return logical;
    }

    private static LogicalType ReadParameters(ref ThriftReader reader, LogicalKind kind)
    {
        var logical = new LogicalType(kind);
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (kind, field.Id)
            {
                case (LogicalKind.Decimal, 1): logical = logical with { Scale = reader.Int(field) }; break;
                case (LogicalKind.Decimal, 2): logical = logical with { Precision = reader.Int(field) }; break;
                case (LogicalKind.Integer, 1): logical = logical with { BitWidth = reader.Int(field) }; break;
                case (LogicalKind.Integer, 2): logical = logical with { IsSigned = reader.Flag(field) }; break;
                case (LogicalKind.Time or LogicalKind.Timestamp, 1):
                    logical = logical with { IsUtc = reader.Flag(field) };
                    break;
                case (LogicalKind.Time or LogicalKind.Timestamp, 2):
                    logical = logical with { Unit = ReadUnit(ref reader, field) };
                    break;
                default: reader.Skip(field); break;
            }
        }

        return logical;
    }

    private static TimeUnit ReadUnit(ref ThriftReader reader, in ThriftField outer)
    {
        reader.Struct(outer);
        TimeUnit unit = TimeUnit.Millisecond;
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            if (field.Id > 3) throw ParquetFault.Unsupported($"the time unit {field.Id} is not known");
            unit = (TimeUnit)field.Id;
            reader.Skip(field);
        }

        return unit;
    }

    private static void WriteLogical(ThriftWriter writer, LogicalType logical)
    {
        writer.Begin(10);
        writer.Begin((int)logical.Kind);
        switch (logical.Kind)
        {
            case LogicalKind.Decimal:
                writer.Int(1, logical.Scale);
                writer.Int(2, logical.Precision);
                break;
            case LogicalKind.Integer:
                writer.Byte(1, (sbyte)logical.BitWidth);
                writer.Flag(2, logical.IsSigned);
                break;
            case LogicalKind.Time or LogicalKind.Timestamp:
                writer.Flag(1, logical.IsUtc);
                writer.Begin(2);
                writer.Empty((int)logical.Unit);
                writer.End();
                break;
        }

        writer.End();
        writer.End();
    }

    private struct Draft
    {
        public string? Name;
        public PhysicalType? Type;
        public int TypeLength, ChildCount, Scale, Precision;
        public int? FieldId;
        public Repetition Repetition;
        public ConvertedType Converted;
        public LogicalType Logical;
    }
}

/// <summary>Where a column's pages of a row group lie.</summary>
internal sealed class ColumnChunk
{
    public PhysicalType Type { get; set; }

    public int Codec { get; set; }

    public long ValueCount { get; set; }

    public long UncompressedSize { get; set; }

    public long CompressedSize { get; set; }

    public long DataPageOffset { get; set; }

    public long? DictionaryPageOffset { get; set; }

    public bool HasMetadata { get; set; }

    public bool IsElsewhere { get; set; }

    public bool IsEncrypted { get; set; }

    /// <summary>The first byte of the chunk. Some writers give a dictionary's place as 0 where there is none.</summary>
    public long Start => DictionaryPageOffset is { } at && at > 0 && at < DataPageOffset ? at : DataPageOffset;

    public static ColumnChunk Read(ref ThriftReader reader)
    {
        var chunk = new ColumnChunk();
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1: chunk.IsElsewhere = reader.Text(field).Length > 0; break;
                case 3:
                    reader.Struct(field);
                    chunk.ReadMetadata(ref reader);
                    break;
                case 8 or 9:
                    chunk.IsEncrypted = true;
                    reader.Skip(field);
                    break;
                default: reader.Skip(field); break;
            }
        }

        return chunk;
    }

    private void ReadMetadata(ref ThriftReader reader)
    {
        HasMetadata = true;
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1: Type = (PhysicalType)reader.Int(field); break;
                case 4: Codec = reader.Int(field); break;
                case 5: ValueCount = reader.Long(field); break;
                case 6: UncompressedSize = reader.Long(field); break;
                case 7: CompressedSize = reader.Long(field); break;
                case 9: DataPageOffset = reader.Long(field); break;
                case 11: DictionaryPageOffset = reader.Long(field); break;
                default: reader.Skip(field); break;
            }
        }
    }
}

/// <summary>A row group's rows and columns.</summary>
internal sealed record RowGroup(long RowCount, ColumnChunk[] Columns)
{
    public static RowGroup Read(ref ThriftReader reader)
    {
        ColumnChunk[] columns = [];
        long rows = 0;
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1:
                    columns = new ColumnChunk[reader.List(field, ThriftType.Struct)];
                    for (int i = 0; i < columns.Length; i++) columns[i] = ColumnChunk.Read(ref reader);
                    break;
                case 3: rows = reader.Long(field); break;
                default: reader.Skip(field); break;
            }
        }

        return new RowGroup(rows, columns);
    }
}

/// <summary>The footer of a file.</summary>
/// <param name="Elements">The schema's tree, flat, the root first.</param>
/// <param name="RowCount">The rows of all row groups.</param>
/// <param name="RowGroups">The row groups.</param>
/// <param name="KeyValues">The file's key and value pairs; a value that is absent is empty.</param>
/// <param name="Creator">Who wrote the file, as it says; empty where it does not.</param>
internal sealed record FileMetadata(SchemaElement[] Elements, long RowCount, RowGroup[] RowGroups,
    KeyValuePair<string, string>[] KeyValues, string Creator)
{
    public static FileMetadata Read(ReadOnlySpan<byte> footer, ByteBudget budget)
    {
        var reader = new ThriftReader(footer, budget);
        try
        {
            return Read(ref reader);
        }
        catch (ParquetFault e) when (e.Offset < 0)
        {
            throw new ParquetFault(e.Message, e.Code) { Offset = reader.Position };
        }
    }

    public string? ValueOf(string key) =>
        KeyValues.Where(pair => pair.Key == key).Select(pair => pair.Value).FirstOrDefault();

    private static FileMetadata Read(ref ThriftReader reader)
    {
        SchemaElement[] elements = [];
        RowGroup[] groups = [];
        KeyValuePair<string, string>[] pairs = [];
        long rows = 0;
        string creator = "";
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 2:
                    elements = new SchemaElement[reader.List(field, ThriftType.Struct)];
                    for (int i = 0; i < elements.Length; i++) elements[i] = SchemaElement.Read(ref reader);
                    break;
                case 3: rows = reader.Long(field); break;
                case 4:
                    groups = new RowGroup[reader.List(field, ThriftType.Struct)];
                    for (int i = 0; i < groups.Length; i++) groups[i] = RowGroup.Read(ref reader);
                    break;
                case 5:
                    pairs = new KeyValuePair<string, string>[reader.List(field, ThriftType.Struct)];
                    for (int i = 0; i < pairs.Length; i++) pairs[i] = ReadPair(ref reader);
                    break;
                case 6: creator = reader.Text(field); break;
                case 8: throw ParquetFault.Unsupported($"the file is encrypted");
                default: reader.Skip(field); break;
            }
        }

        return new FileMetadata(elements, rows, groups, pairs, creator);
    }

    private static KeyValuePair<string, string> ReadPair(ref ThriftReader reader)
    {
        string key = "", value = "";
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1: key = reader.Text(field); break;
                case 2: value = reader.Text(field); break;
                default: reader.Skip(field); break;
            }
        }

        return new(key, value);
    }
}
