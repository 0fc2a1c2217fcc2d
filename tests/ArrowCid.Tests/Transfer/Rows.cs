using System.Globalization;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Transfer;

/// <summary>Rows of text read to batches, and batches written to text.</summary>
internal static class Rows
{
    public static RecordBatch[] Csv(string text, RowReadOptions? options = null) => Csv(Encoding.UTF8.GetBytes(text), options);

    public static RecordBatch[] Csv(byte[] bytes, RowReadOptions? options = null) =>
        All(RowReader.OpenCsv(new MemoryStream(bytes), options));

    public static RecordBatch[] Json(string text, RowReadOptions? options = null) => Json(Encoding.UTF8.GetBytes(text), options);

    public static RecordBatch[] Json(byte[] bytes, RowReadOptions? options = null) =>
        All(RowReader.OpenJsonLines(new MemoryStream(bytes), options));

    public static RowReadOptions Typed(string types) => new() { TypeViews = TypeTextReader.Types(types) };

    /// <summary>The types of the columns.</summary>
    public static string Types(RecordBatch batch) =>
        string.Join(", ", batch.Schema.Fields.Select(field => $"{field.Name}={field.Type}"));

    /// <summary>The rows as JSON, without line ends.</summary>
    public static string Text(RecordBatch batch)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture);
        BatchText.WriteJsonLines(batch, writer);
        return writer.ToString().Replace("\n", "", StringComparison.Ordinal);
    }

    public static string Export(Action<IEnumerable<RecordBatch>, TextWriter> write, params RecordBatch[] batches)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture);
        write(batches, writer);
        return writer.ToString();
    }

    public static Cid[] Cids(IEnumerable<RecordBatch> batches) => [.. batches.Select(CanonicalBlock.CidOf)];

    /// <summary>The place and the words of the refusal.</summary>
    public static string Fault(Action read)
    {
        InvalidTextException e = Assert.Throws<InvalidTextException>(read);
        return string.Create(CultureInfo.InvariantCulture, $"{e.Line}:{e.Column}: {e.Rule}");
    }

    private static RecordBatch[] All(RowReader reader)
    {
        using (reader)
        {
            var batches = new List<RecordBatch>();
            while (reader.ReadView() is { } batch) batches.Add(batch);
            return [.. batches];
        }
    }
}
