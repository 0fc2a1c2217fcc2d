using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Transfer;

/// <summary>Changed bytes end in an error with a place or in a result.</summary>
public class HostileRowsTests
{
    private const string Csv = "id,\"na\"\"me\",at,px,on\r\n1,\"a, \"\"b\"\"\r\n\",2024-02-29T12:30:00.5Z,1.5,true\n2,é,,NaN,\n";

    private const string Json = "{\"id\":1,\"at\":\"2024-02-29\",\"l\":[{\"x\":1.5},null],\"s\":\"\\u00e9\\n\"}\n\n{\"id\":-2,\"b\":true}\r\n";

    [Fact]
    public void Csv_with_any_byte_changed_or_cut() => Each(Csv, bytes => Rows.Csv(bytes),
        bytes => Rows.Csv(bytes, Rows.Typed("id=int8,px=float32,at=timestamp[ms, UTC]")));

    [Fact]
    public void Json_lines_with_any_byte_changed_or_cut() => Each(Json, bytes => Rows.Json(bytes),
        bytes => Rows.Json(bytes, Rows.Typed("id=int8,l=list<struct<x: float32>>")));

    private static void Each(string text, params Func<byte[], RecordBatch[]>[] reads)
    {
        byte[] whole = Encoding.UTF8.GetBytes(text);
        int results = 0, errors = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            Try(whole[..at]);
            foreach (byte b in new byte[] { 0, (byte)'"', (byte)'\n', (byte)'\r', (byte)',', (byte)'{', (byte)']', (byte)'9', 0xFF, (byte)(whole[at] ^ 1) })
            {
                byte[] changed = [.. whole];
                changed[at] = b;
                Try(changed);
                Try([.. whole[..at], b, .. whole[at..]]);
            }
        }

        Assert.True(results > 100 && errors > 100, $"{results} results, {errors} errors");

        void Try(byte[] bytes)
        {
            foreach (Func<byte[], RecordBatch[]> read in reads)
            {
                try
                {
                    foreach (RecordBatch batch in read(bytes)) _ = Rows.Cids([batch]);
                    results++;
                }
                catch (InvalidTextException e)
                {
                    Assert.True(e.Line >= 1 && e.Column >= 1);
                    errors++;
                }
                catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidArgument or ErrorCode.InvalidData)
                {
                    // A header that changed has no column of the given name; two NULs in a name have no canonical form.
                    errors++;
                }
            }
        }
    }
}
