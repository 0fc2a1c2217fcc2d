using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>The footer of a file.</summary>
/// <param name="Elements">The schema's tree, flat, the root first.</param>
/// <param name="RowCount">The rows of all row groups.</param>
/// <param name="RowGroups">The row groups.</param>
/// <param name="KeyValues">The file's key and value pairs; a value that is absent is empty.</param>
/// <param name="Creator">The program that wrote the file, as recorded; empty if it is not.</param>
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
