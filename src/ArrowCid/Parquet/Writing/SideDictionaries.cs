using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Parquet;

/// <summary>
/// Ordered dictionaries whose entries no dictionary page holds: of nested values, below runs, of booleans. Entries that
/// are not used and their order would be lost, so they stand in the file's metadata as canonical blocks.
/// </summary>
internal static class SideDictionaries
{
    private const string Name = "entries";

    /// <summary>Whether a node's own dictionary page holds the dictionary that is outermost in its type.</summary>
    public static bool IsInPages(ParquetNode node) =>
        node.Kind == NodeKind.Leaf
        && node.Form!.Conversion is not (Conversion.None or Conversion.Boolean or Conversion.Presence)
        && node.Field.Type is DictionaryType { ValueType: not RunEndEncodedType };

    /// <summary>Adds the dictionaries of a column of a batch.</summary>
    public static void Add(ParquetNode node, ArrowArray column, int batch, int index,
        SortedDictionary<string, string> blocks)
    {
        int number = 0;
        Add(node, column, $"{batch}/{index}/", ref number, blocks);
    }

    /// <summary>The entries under a key.</summary>
    public static ArrowArray Read(string block)
    {
        try
        {
            return CanonicalBlock.DecodeView(Convert.FromBase64String(block)).Columns[0];
        }
        catch (Exception e) when (e is FormatException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw new ParquetFault($"a dictionary under {FileKeys.Dictionaries} is not a block in base64", inner: e);
        }
    }

    public static string Key(int batch, int column, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{batch}/{column}/{number}");

    private static void Add(ParquetNode node, ArrowArray? array, string prefix, ref int number,
        SortedDictionary<string, string> blocks)
    {
        bool isFirst = true;
        for (ArrowType type = node.Field.Type; type is DictionaryType or RunEndEncodedType; isFirst = false)
        {
            if (type is RunEndEncodedType runs)
            {
                array = array?.Children[1];
                type = runs.Values.Type;
                continue;
            }

            var dictionary = (DictionaryType)type;
            array = array?.Dictionary;
            type = dictionary.ValueType;
            if (!dictionary.IsOrdered || (isFirst && IsInPages(node))) continue;
            int own = number++;
            ArrowArray entries = array ?? ArrayJoin.Empty(type);
            var batch = new RecordBatch(new Schema(new Field(Name, type)), entries.Length, entries);
            blocks[prefix + own.ToString(CultureInfo.InvariantCulture)] =
                Convert.ToBase64String(CanonicalBlock.Encode(batch).Bytes.Span);
        }

        for (int i = 0; i < node.Children.Length; i++)
            Add(node.Children[i], array?.Children[i], prefix, ref number, blocks);
    }
}
