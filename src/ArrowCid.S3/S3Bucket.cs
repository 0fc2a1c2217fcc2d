using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace ArrowCid.S3;

/// <summary>
/// The objects in a folder of a bucket. Each request is signed with the SHA-256 of its body, repeated while it may
/// succeed, and refused at once while half of the requests fail. Safe for concurrent use.
/// </summary>
internal sealed class S3Bucket : IDisposable
{
    private const string DefaultRegion = "us-east-1";
    private const int BreakerWindow = 20;

    private readonly AmazonS3Client _client;
    private readonly ResiliencePipeline _pipeline;
    private readonly string _bucket, _folder;

    private S3Bucket(S3Location location, AmazonS3Client client, S3Settings settings)
    {
        (_client, Settings, _bucket) = (client, settings, location.Bucket);
        _folder = location.IsFolder ? location.Path : location.Path + "/";
        Name = location.ToString();
        var isTransient = new PredicateBuilder().Handle<Exception>(e => S3Fault.Of(e) is { IsTransient: true });
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = settings.Clock }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = isTransient,
                MaxRetryAttempts = Math.Max(1, settings.Attempts - 1),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = settings.Backoff,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = new PredicateBuilder()
                    .Handle<Exception>(e => e is not BrokenCircuitException && S3Fault.Of(e) is { IsTransient: true }),
                FailureRatio = 0.5,
                MinimumThroughput = BreakerWindow,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = settings.Break,
            })
            .Build();
    }

    /// <summary>Where it is, without secrets.</summary>
    public string Name { get; }

    /// <summary>How requests are made.</summary>
    public S3Settings Settings { get; }

    /// <summary>Opens a folder; nothing is sent yet.</summary>
    /// <param name="location">The folder: of an object its key as one.</param>
    /// <param name="settings">How requests are made.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: no region is known;
    /// <see cref="ErrorCode.AccessDenied"/>: no credentials.</exception>
    public static S3Bucket Open(S3Location location, S3Settings? settings = null)
    {
        settings ??= S3Settings.Default;
        Uri? endpoint = location.Endpoint ?? EndpointOfEnvironment();
        var config = new AmazonS3Config
        {
            HttpClientFactory = new S3Connections(),
            MaxErrorRetry = 0,
            Timeout = TimeSpan.FromDays(1),
            ConnectTimeout = settings.Timeout,
            MaxConnectionsPerServer = 4 * settings.Parallel,
            BufferSize = settings.SendBytes,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        string? region = location.Region ?? Environment.GetEnvironmentVariable("AWS_REGION")
            ?? Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION");
        if (endpoint is not null)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.ForcePathStyle = true;
            config.AuthenticationRegion = region ?? DefaultRegion;
        }
        else if (region is not null)
        {
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(region);
        }

        try
        {
            return new S3Bucket(location, new AmazonS3Client(config), settings);
        }
        catch (AmazonClientException e)
        {
            throw S3Fault.Of(e) is { Code: ErrorCode.AccessDenied } fault
                ? new ArrowCidException(fault.Code, $"{location}: {fault.Text}", e)
                : new ArrowCidException(ErrorCode.InvalidArgument,
                    $"{location}: no region is known; say region=NAME in the URL, or set AWS_REGION", e);
        }
    }

    /// <summary>Finds an object.</summary>
    /// <returns>Null if there is none.</returns>
    public Task<ObjectInfo?> FindAsync(string key, CancellationToken end) => CallAsync<ObjectInfo?>(0, async token =>
    {
        try
        {
            GetObjectMetadataResponse found = await _client.GetObjectMetadataAsync(
                new GetObjectMetadataRequest { BucketName = _bucket, Key = _folder + key }, token);
            return new ObjectInfo(key, found.ContentLength, found.ETag ?? "");
        }
        catch (AmazonS3Exception e) when (S3Fault.IsAbsent(e))
        {
            return null;
        }
    }, end);

    /// <summary>Reads a range of an object.</summary>
    /// <param name="key">The object.</param>
    /// <param name="offset">Its first byte.</param>
    /// <param name="target">Gets the bytes; all of them, or the call fails.</param>
    /// <param name="end">Ends the request.</param>
    /// <param name="etag">What the object was when it was found; null if any is right.</param>
    /// <returns>False if there is no such object.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the object is shorter;
    /// <see cref="ErrorCode.Io"/>: the server does not answer with the range, or the object was replaced.</exception>
    public Task<bool> ReadAsync(string key, long offset, Memory<byte> target, CancellationToken end,
        string? etag = null)
    {
        if (target.Length == 0) return Task.FromResult(true);
        return CallAsync(target.Length, async token =>
        {
            var request = new GetObjectRequest
            {
                BucketName = _bucket,
                Key = _folder + key,
                ByteRange = new ByteRange(offset, offset + target.Length - 1),
            };
            try
            {
                using GetObjectResponse answer = await _client.GetObjectAsync(request, token);
                RequireRange(key, answer, offset, target.Length);
                if (etag is { Length: > 0 } && answer.ETag is { Length: > 0 } now && now != etag)
                    throw new ArrowCidException(ErrorCode.Io, $"{Name}: {key} was replaced while it was read");
                await using Stream body = answer.ResponseStream;
                await body.ReadExactlyAsync(target, token);
                return true;
            }
            catch (AmazonS3Exception e) when (S3Fault.IsAbsent(e))
            {
                return false;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                throw Shorter(key);
            }
        }, end);
    }

    /// <summary>Reads a whole small object.</summary>
    /// <param name="key">The object.</param>
    /// <param name="most">The length above which it is refused.</param>
    /// <param name="end">Ends the request.</param>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: it is longer.</exception>
    public Task<byte[]?> ReadAllAsync(string key, int most, CancellationToken end) => CallAsync(most, async token =>
    {
        try
        {
            using GetObjectResponse answer = await _client.GetObjectAsync(
                new GetObjectRequest { BucketName = _bucket, Key = _folder + key }, token);
            if (answer.ContentLength > most)
            {
                throw new ArrowCidException(ErrorCode.TooLarge,
                    $"{Name}: {key} has {answer.ContentLength} bytes, and at most {most} are read");
            }

            byte[] bytes = new byte[answer.ContentLength];
            await using Stream body = answer.ResponseStream;
            await body.ReadExactlyAsync(bytes, token);
            return bytes;
        }
        catch (AmazonS3Exception e) when (S3Fault.IsAbsent(e))
        {
            return null;
        }
    }, end);

    /// <summary>Writes an object in one request.</summary>
    /// <param name="key">The object.</param>
    /// <param name="body">Its bytes, a stream that can be read again.</param>
    /// <param name="mayReplace">Whether an object of this key is replaced.</param>
    /// <param name="end">Ends the request.</param>
    /// <returns>False if there is one already, which stays. An attempt whose answer was lost may have written
    /// it.</returns>
    public Task<bool> WriteAsync(string key, Stream body, bool mayReplace, CancellationToken end) =>
        CallAsync(body.Length, async token =>
        {
            body.Position = 0;
            try
            {
                _ = await _client.PutObjectAsync(new PutObjectRequest
                {
                    BucketName = _bucket,
                    Key = _folder + key,
                    InputStream = body,
                    AutoCloseStream = false,
                    AutoResetStreamPosition = false,
                    UseChunkEncoding = false,
                    DisablePayloadSigning = false,
                    IfNoneMatch = mayReplace ? null : "*",
                }, token);
                return true;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
            {
                return false;
            }
        }, end);

    /// <summary>Begins an upload in parts.</summary>
    /// <returns>Its id.</returns>
    public Task<string> BeginPartsAsync(string key, CancellationToken end) => CallAsync(0, async token =>
        (await _client.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest { BucketName = _bucket, Key = _folder + key }, token)).UploadId, end);

    /// <summary>Uploads a part.</summary>
    public Task<PartETag> WritePartAsync(string key, string upload, int number, Stream body, CancellationToken end) =>
        CallAsync(body.Length, async token =>
        {
            body.Position = 0;
            UploadPartResponse done = await _client.UploadPartAsync(new UploadPartRequest
            {
                BucketName = _bucket,
                Key = _folder + key,
                UploadId = upload,
                PartNumber = number,
                PartSize = body.Length,
                InputStream = body,
                UseChunkEncoding = false,
                DisablePayloadSigning = false,
            }, token);
            return new PartETag(number, done.ETag);
        }, end);

    /// <summary>Makes an object of its parts.</summary>
    /// <returns>False if there is an object of this key already, which stays.</returns>
    public Task<bool> EndPartsAsync(string key, string upload, List<PartETag> parts, long length, bool mayReplace,
        CancellationToken end) => CallAsync(0, async token =>
    {
        try
        {
            _ = await _client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
            {
                BucketName = _bucket,
                Key = _folder + key,
                UploadId = upload,
                PartETags = parts,
                IfNoneMatch = mayReplace ? null : "*",
            }, token);
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return false;
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchUpload")
        {
            // An attempt whose answer was lost has completed it.
            if (await FindAsync(key, token) is { } found && found.Length == length) return true;
            throw;
        }
    }, end);

    /// <summary>Gives up an upload in parts.</summary>
    public Task AbandonPartsAsync(string key, string upload, CancellationToken end) => CallAsync(0, async token =>
    {
        try
        {
            _ = await _client.AbortMultipartUploadAsync(
                new AbortMultipartUploadRequest { BucketName = _bucket, Key = _folder + key, UploadId = upload },
                token);
        }
        catch (AmazonS3Exception e) when (S3Fault.IsAbsent(e))
        {
            // It is gone already.
        }

        return true;
    }, end);

    /// <summary>Deletes an object; one that does not exist is no error.</summary>
    public Task DeleteAsync(string key, CancellationToken end) => CallAsync(0, async token =>
    {
        try
        {
            _ = await _client.DeleteObjectAsync(
                new DeleteObjectRequest { BucketName = _bucket, Key = _folder + key }, token);
        }
        catch (AmazonS3Exception e) when (S3Fault.IsAbsent(e))
        {
            // It is gone already.
        }

        return true;
    }, end);

    /// <summary>Lists the objects whose keys begin with a text, in the order of their keys.</summary>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(string start, [EnumeratorCancellation] CancellationToken end)
    {
        string? next = null;
        do
        {
            string? from = next;
            ListObjectsV2Response page = await CallAsync(0, token => _client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = _bucket, Prefix = _folder + start, ContinuationToken = from },
                token), end);
            foreach (S3Object each in page.S3Objects ?? [])
                yield return new ObjectInfo(each.Key[_folder.Length..], each.Size ?? 0, each.ETag ?? "");
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    public void Dispose() => _client.Dispose();

    private static Uri? EndpointOfEnvironment()
    {
        string? text = Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL_S3") is { Length: > 0 } own
            ? own
            : Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL");
        if (text is not { Length: > 0 }) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new ArrowCidException(ErrorCode.InvalidArgument, "AWS_ENDPOINT_URL is no http or https URL");
    }

    private void RequireRange(string key, GetObjectResponse answer, long offset, int length)
    {
        string start = string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-");
        if (answer.ContentRange is not { } range || !range.StartsWith(start, StringComparison.Ordinal))
        {
            throw new ArrowCidException(ErrorCode.Io,
                $"{Name}: the server does not answer with the range that was asked of {key}");
        }

        if (answer.ContentLength < length) throw Shorter(key);
    }

    private ArrowCidException Shorter(string key) =>
        new(ErrorCode.BlockCorrupt, $"{Name}: {key} is shorter than it was when it was uploaded");

    private async Task<T> CallAsync<T>(long bytes, Func<CancellationToken, Task<T>> call, CancellationToken end)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async token =>
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
                limit.CancelAfter(Settings.TimeoutOf(bytes));
                return await call(limit.Token);
            }, end);
        }
        catch (Exception e) when (!end.IsCancellationRequested && S3Fault.Of(e) is { } fault)
        {
            throw new ArrowCidException(fault.Code, $"{Name}: {fault.Text}", e);
        }
    }
}
