using ArrowCid.S3;

namespace ArrowCid.Tests.Transfer.S3;

public class S3LocationTests
{
    [Theory]
    [InlineData("s3://quotes", "quotes", "", null, null)]
    [InlineData("s3://quotes/", "quotes", "", null, null)]
    [InlineData("S3://quotes/a/b", "quotes", "a/b", null, null)]
    [InlineData("s3://quotes/a%20b/?region=eu-central-1", "quotes", "a b/", null, "eu-central-1")]
    [InlineData("s3://q.u-1/x?endpoint=http://127.0.0.1:9000&region=r", "q.u-1", "x", "http://127.0.0.1:9000/", "r")]
    [InlineData("s3://quotes/x?endpoint=https%3A%2F%2Fs3.example%2Fbase", "quotes", "x", "https://s3.example/base", null)]
    public void A_location_is_read_and_written_back(string text, string bucket, string path, string? endpoint, string? region)
    {
        var location = S3Location.Parse(text);
        Assert.Equal((bucket, path, endpoint, region),
            (location.Bucket, location.Path, location.Endpoint?.AbsoluteUri, location.Region));
        Assert.Equal(location, S3Location.Parse(location.ToString()));
        Assert.Equal(path.Length == 0 || path.EndsWith('/'), location.IsFolder);
    }

    [Theory]
    [InlineData("http://quotes")]
    [InlineData("s3://")]
    [InlineData("s3://a")]
    [InlineData("s3://Quotes/x")]
    [InlineData("s3://quotes/x?color=red")]
    [InlineData("s3://quotes/x?endpoint=ftp://x")]
    [InlineData("s3://quotes/x?endpoint=http://me:word@x")]
    [InlineData("s3://quotes/x?region=")]
    [InlineData("s3://quotes:9000/x")]
    public void A_location_of_another_form_is_refused(string text) =>
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => S3Location.Parse(text)).Code);

    [Fact]
    public void Credentials_in_a_location_are_refused_and_not_repeated()
    {
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => S3Location.Parse("s3://key:secret@quotes/x"));
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Contains("credentials", error.Message, StringComparison.Ordinal);
    }
}
