using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

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
