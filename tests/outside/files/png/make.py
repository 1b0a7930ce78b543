"""One picture of 9 x 7 pixels as Pillow 13 and ImageMagick 6.9 write it, and its pixels over white."""
from PIL import Image, PngImagePlugin
import numpy as np, json, os, subprocess
out = os.path.dirname(os.path.abspath(__file__))
y,x=np.mgrid[:7,:9]
rgb=np.stack([x*28,y*36,(x*y*5)%256],-1).astype('uint8')
alpha=((x+y)*17%256).astype('uint8')
rgba=np.concatenate([rgb,alpha[...,None]],-1)
L=Image.fromarray(rgb).convert('L')
def save(n,im,**k): im.save(f'{out}/{n}.png',**k)
save('pillow-1',L.convert('1')); save('pillow-L',L); save('pillow-LA',Image.fromarray(np.stack([np.asarray(L),alpha],-1)))
save('pillow-RGB',Image.fromarray(rgb)); save('pillow-RGBA',Image.fromarray(rgba))
save('pillow-I16',Image.fromarray((np.asarray(L).astype('uint16')*257-np.minimum(np.asarray(L),100))))
save('pillow-P',Image.fromarray(rgb).quantize(16))
p=Image.fromarray(rgb).quantize(4); save('pillow-P-transparent',p,transparency=bytes([255,0,128,30]))
save('pillow-L-transparent',L,transparency=int(np.asarray(L)[3,4]))
import subprocess
src=f'{out}/pillow-RGBA.png'
def mg(n,*a): subprocess.run(['convert',src,*a,'-strip','-define','png:exclude-chunks=date,time',f'{out}/{n}.png'],check=True)
mg('magick-interlaced','-interlace','PNG'); mg('magick-rgba16','-depth','16','-define','png:color-type=6','-define','png:bit-depth=16')
mg('magick-grey2','-alpha','off','-colorspace','Gray','-define','png:color-type=0','-define','png:bit-depth=2'); mg('magick-grey4-interlaced','-alpha','off','-colorspace','Gray','-interlace','PNG','-define','png:color-type=0','-define','png:bit-depth=4')
exp={}
for f in sorted(os.listdir(out)):
    if not f.endswith('.png'): continue
    im=Image.open(f'{out}/{f}'); im.load()
    if im.mode.startswith('I'):
        v=np.asarray(im).astype(float); g=np.floor(v*255/65535+.5); a=np.stack([g]*3+[np.full_like(g,255)],-1)
    else: a=np.asarray(im.convert('RGBA')).astype(float)
    A=a[...,3:]; c=np.floor((a[...,:3]*A+255*(255-A))/255+.5).astype(int)
    ih=open(f'{out}/{f}','rb').read()[24:29]
    exp[f[:-4]]={'depth':ih[0],'colorType':ih[1],'interlaced':ih[4],'rgb':c.reshape(-1).tolist()}

json.dump(exp,open(f'{out}/expected.json','w'),separators=(',',':'))
