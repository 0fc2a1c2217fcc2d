using System.Globalization;
using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>import</c> of CSV and JSON lines, told by their names or <c>--format</c>.</summary>
internal static class ImportRows
{
    public static void Read(ImportRun run, RowInput rows, string file)
    {
        foreach (RecordBatch batch in Input.Batches(file, dropMetadata: null, rows with { ChecksFirst = true },
            run.RowsPerBlock))
        {
            PutResult put = run.Store.Put(batch);
            run.Batches.Add(put.Cid);
            if (!run.IsJson)
            {
                run.Output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{put.Cid}  batch  {put.ByteLength}  {PutOutcome.Of(put).Word}"));
                continue;
            }

            run.Output.JsonLine(writer =>
            {
                writer.WriteString("cid", put.Cid.ToString());
                writer.WriteString("kind", "batch");
                writer.WriteNumber("bytes", put.ByteLength);
                PutOutcome.Of(put).Write(writer);
                writer.WriteString("from", put.Cid.ToString());
                writer.WriteString("file", file);
            });
        }
    }
}
