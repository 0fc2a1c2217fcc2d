using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary>A range of an answer's bytes.</summary>
internal readonly record struct ByteRange(long From, long Count)
{
    /// <summary>Reads the header <c>Range</c>, and says in the answer what is sent. Several ranges, or one under
    /// another <c>If-Range</c>, give the whole.</summary>
    /// <param name="context">The request, with the answer's ETag set.</param>
    /// <param name="length">The bytes that there are.</param>
    /// <returns>What to send; null where no byte of the range is there, which was answered (416).</returns>
    public static ByteRange? Choose(HttpContext context, long length)
    {
        HttpResponse response = context.Response;
        response.Headers.AcceptRanges = "bytes";
        var whole = new ByteRange(0, length);
        if (!TryRead(context.Request, response.Headers.ETag.ToString(), out RangeItemHeaderValue? item))
        {
            response.ContentLength = length;
            return whole;
        }

        long from = item!.From ?? Math.Max(0, length - item.To!.Value);
        long last = item.From is null ? length - 1 : Math.Min(item.To ?? long.MaxValue, length - 1);
        if (from > last)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{length}");
            response.Headers.Remove(HeaderNames.CacheControl);
            response.ContentLength = 0;
            return null;
        }

        response.StatusCode = StatusCodes.Status206PartialContent;
        response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{last}/{length}");
        response.ContentLength = last - from + 1;
        return new ByteRange(from, last - from + 1);
    }

    private static bool TryRead(HttpRequest request, string tag, out RangeItemHeaderValue? item)
    {
        item = null;
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out RangeHeaderValue? range)
            || !range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase) || range.Ranges.Count != 1)
        {
            return false;
        }

        string condition = request.Headers.IfRange.ToString();
        if (condition.Length > 0 && condition != tag) return false;
        item = range.Ranges.First();
        return true;
    }
}
