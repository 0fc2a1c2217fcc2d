using System.Globalization;
using System.Runtime.InteropServices;
using ArrowCid.Registry;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_result</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ResultOut
{
    private const int FormBytes = 64;

    public CidBytes Value;
    public int Reserved;
    public long Expires, Took;
    public fixed byte Form[FormBytes];

    // SAFETY: the target is the caller's struct, as arrowcid.h declares it.
    public static void Write(StoredResult result, ResultOut* target)
    {
        target->Value = CidBytes.Of(result.Value);
        target->Reserved = 0;
        target->Expires = Block.Nanoseconds(result.Expires);
        bool isKnown = double.TryParse(result.Tags.GetValueOrDefault(MemoWork.MillisecondsTag), NumberStyles.Float,
            CultureInfo.InvariantCulture, out double took) && took is >= 0 and < long.MaxValue / 1e6;
        target->Took = isKnown ? (long)(took * 1e6) : 0;
        var form = new Span<byte>(target->Form, FormBytes);
        form.Clear();
        _ = Utf8Text.Fill(result.Tags.GetValueOrDefault(MemoWork.FormTag, ""), form[..^1]);
    }
}
