using System.Globalization;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipc;

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

/// <summary>A stream that cannot seek and gives a few bytes at a time.</summary>
internal sealed class Trickle(byte[] bytes, int most) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int taken = Math.Min(Math.Min(count, most), bytes.Length - _at);
        Array.Copy(bytes, _at, buffer, offset, taken);
        _at += taken;
        return taken;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
